#include "tasks/prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"

namespace assay::tasks {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = size_t{256} << 20;

// --- JSON

const interp::Shape& prompts_shape() {
  using namespace interp::json_shapes;
  const interp::Shape tokens = either(text(), list(integer())),
                      answers = list(either(text(), integer()));
  static const interp::Shape shape =
      object({{"prompts", list(object({{"clean", tokens},
                                       optional("corrupt", tokens),
                                       optional("answers", answers),
                                       optional("wrong_answers", answers)}))}});
  return shape;
}

std::vector<int64_t> tokens_of(const Json& value, const PromptReader& reader) {
  return value.is_string() ? reader.tokens(value.get<std::string>())
                           : value.get<std::vector<int64_t>>();
}

std::vector<int64_t> answers_of(const Json& prompt, const char* key, const PromptReader& reader) {
  std::vector<int64_t> answers;
  if (!prompt.contains(key)) return answers;
  for (const Json& value : prompt[key])
    answers.push_back(value.is_string() ? reader.token(value.get<std::string>())
                                        : value.get<int64_t>());
  return answers;
}

Prompt prompt_of(const Json& json, const PromptReader& reader) {
  Prompt prompt{.clean = tokens_of(json.at("clean"), reader)};
  if (json.contains("corrupt")) prompt.corrupt = tokens_of(json["corrupt"], reader);
  prompt.answers = answers_of(json, "answers", reader);
  prompt.wrong_answers = answers_of(json, "wrong_answers", reader);
  return prompt;
}

// --- text

/// The parts of a line between its bars, without a comment.
std::vector<std::string> parts_of(std::string line) {
  line.erase(std::min(line.find('#'), line.size()));
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, '|');) parts.push_back(part);
  return parts;
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r") == text.npos;
}

Prompt prompt_of(const std::vector<std::string>& parts, const PromptReader& reader) {
  if (parts.size() > 3)
    throw std::invalid_argument(
        fmt::format("expected tokens | answers | partner, got {} parts", parts.size()));
  Prompt prompt{.clean = reader.tokens(parts[0])};
  if (parts.size() > 1) {
    std::istringstream names(parts[1]);
    for (std::string name; names >> name;) prompt.answers.push_back(reader.token(name));
  }
  if (parts.size() > 2) prompt.corrupt = reader.tokens(parts[2]);
  return prompt;
}

// --- both

/// What one prompt says, all say.
void require_alike(const Prompts& prompts) {
  const auto require = [&](const char* what, const auto& missing) {
    const auto lack = std::ranges::count_if(prompts.all, missing);
    if (lack > 0 && lack < std::ssize(prompts.all))
      throw std::runtime_error(fmt::format("{}: {} of {} prompts have no '{}'", prompts.file, lack,
                                           prompts.all.size(), what));
  };
  require("corrupt", [](const Prompt& prompt) { return prompt.corrupt.empty(); });
  require("answers", [](const Prompt& prompt) { return prompt.answers.empty(); });
}

/// Reads one prompt after the other into `prompts`.
template <typename Item, typename Read>
void read_each(const std::vector<std::pair<int64_t, Item>>& items, const Read& read,
               Prompts& prompts) {
  for (const auto& [place, item] : items) {
    try {
      prompts.all.push_back(read(item));
      prompts.all.back().place = place;
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("{}: {}", prompts.where(place), error.what()));
    }
  }
}

void read_json_prompts(const Json& content, const PromptReader& reader, Prompts& prompts) {
  std::vector<std::pair<int64_t, Json>> items;
  for (const Json& prompt : content.at("prompts"))
    items.emplace_back(std::ssize(items) + 1, prompt);
  read_each(
      items, [&](const Json& json) { return prompt_of(json, reader); }, prompts);
}

void read_text_prompts(const std::string& content, const PromptReader& reader, Prompts& prompts) {
  using Parts = std::vector<std::string>;
  std::vector<std::pair<int64_t, Parts>> items;
  std::istringstream lines(content);
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const Parts parts = parts_of(line);
    if (!std::ranges::all_of(parts, is_blank)) items.emplace_back(number, parts);
  }
  read_each(
      items, [&](const Parts& parts) { return prompt_of(parts, reader); }, prompts);
}

int64_t id_of(const std::string& word) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error != std::errc() || end != word.data() + word.size())
    throw std::invalid_argument(fmt::format("expected the number of a token, got '{}'", word));
  return id;
}

}  // namespace

PromptReader token_ids() {
  return {.tokens =
              [](const std::string& text) {
                std::vector<int64_t> tokens;
                std::istringstream words(text);
                for (std::string word; words >> word;) tokens.push_back(id_of(word));
                return tokens;
              },
          .token = id_of};
}

std::string Prompts::where(int64_t place) const {
  return fmt::format("{}{}{}", file, is_text ? ":" : ": prompt ", place);
}

Prompts read_prompts(const std::filesystem::path& path, const PromptReader& reader) {
  const std::string text = interp::read_stream(path, kMostBytes);
  const size_t begin = text.find_first_not_of(" \t\r\n");
  Prompts prompts{.all = {},
                  .file = path.string(),
                  .is_text = begin == text.npos || text[begin] != '{',
                  .sha256 = interp::sha256(text)};
  if (prompts.is_text) {
    read_text_prompts(text, reader, prompts);
  } else {
    const std::string what = path.string() + ": not a file of counterfactuals";
    const Json content = interp::parse_json(text, what);
    interp::require_shape(content, prompts_shape(), what);
    read_json_prompts(content, reader, prompts);
  }
  if (prompts.all.empty())
    throw std::runtime_error(fmt::format(
        "{}: no input in it; expected one per line, or a list of prompts", prompts.file));
  require_alike(prompts);
  return prompts;
}

}  // namespace assay::tasks
