#include "tools/page/node_words.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "interp/files/json_shape.h"
#include "tasks/page/figure.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tasks/wording.h"
#include "tools/brief.h"
#include "tools/equality_words.h"
#include "tools/sentences.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::mark;
using tasks::page::place;
using tasks::page::span;
using tasks::page::tag;

constexpr size_t kGroupsShown = 12, kPlacesShown = 3;
constexpr size_t kLeastStrip = 24;  // states that a strip has room for; fewer are no larger
constexpr size_t kLeastBars = 4, kMostLines = 4;  // of numbers that are drawn

const circuits::Operations& operations() {
  static const circuits::Operations all = tasks::all_operations();  // nothing is loaded later
  return all;
}

/// The operation as the report names it, with its tensors where the interpretation is at hand.
circuits::Operation operation_of(const Run& run, const Json& node, const char* part) {
  if (run.subject)
    for (const circuits::Node& own : run.subject->interpretation().nodes)
      if (own.name == node.at("node")) return std::string_view(part) == "h" ? own.h : own.alpha;
  if (!node.contains(part)) return {};
  return {.name = node[part].at("operation"),
          .parameters = nlohmann::json(node[part].at("parameters")),
          .tensors = {}};
}

/// What the task says of it, else what its operation says.
template <typename F>
std::string sentence(const Run& run, const Json& node, const char* part,
                     const interp::Registry<circuits::OperationEntry<F>>& known) {
  const tasks::Wording& wording = tasks::wording_of(*run.task);
  if (wording.of_node)
    if (const std::string own = wording.of_node(part, node); !own.empty()) return own;
  const circuits::Operation operation = operation_of(run, node, part);
  return operation.name.empty() ? "" : circuits::sentence_of(known, operation);
}

bool reads_tokens(const Json& node) {
  return node.contains("h") &&
         (node["h"].at("operation") == "tokens_at" || node["h"].at("operation") == "flipped_signs");
}

bool is_list_of_lists(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::ranges::all_of(value, [](const Json& element) { return element.is_array(); });
}

std::vector<std::string> groups_of(const Run& run, const Json& value) {
  std::vector<std::string> groups;
  for (const Json& group : value)
    groups.push_back(
        tasks::group_in_words(*run.task, interp::read_as<std::vector<int64_t>>(group, "tokens")));
  return groups;
}

/// A number in lists of its own, however deep, is that number; numbers each in such a list are a
/// list of numbers.
Json unwrapped(Json value) {
  while (value.is_array() && value.size() == 1) value = Json(value[0]);
  if (is_list_of_lists(value) &&
      std::ranges::all_of(value, [](const Json& element) { return element.size() == 1; }))
    for (Json& element : value) element = Json(element[0]);
  return value;
}

/// One answer: which of the tokens that α chooses from, or a number that is one of the answers.
std::optional<std::string> answer_in_prose(const Run& run, const Json& node, const Json& value) {
  if (!node.contains("alpha") || node["alpha"].at("operation") != "argmax_of") return std::nullopt;
  const auto tokens = interp::read_as<std::vector<int64_t>>(
      node["alpha"].at("parameters").at("tokens"), "the tokens of argmax_of");
  const auto chosen =
      interp::read_as<int64_t>(value.is_array() ? value.at(0) : value, "the token chosen");
  return tasks::answer_in_words(*run.task, tokens.at(static_cast<size_t>(chosen)));
}

/// What the task says of a value; empty: nothing of its own.
std::string told_by_task(const Run& run, const Json& node, const Json& value) {
  const tasks::Wording& wording = tasks::wording_of(*run.task);
  if (!wording.of_node || !node.contains("h")) return "";
  return wording.of_node("value", {{"node", node.at("node")}, {"h", node["h"]}, {"value", value}});
}

/// Several numbers that were measured, not counted.
bool is_measured(const Json& value) {
  return value.is_array() && value.size() >= kLeastBars &&
         std::ranges::all_of(value, [](const Json& number) { return number.is_number(); }) &&
         std::ranges::any_of(value, [](const Json& number) {
           const double x = number.get<double>();
           return x != std::round(x);
         });
}

/// Numbers as bars up and down from a line, one line for each list; all on one scale.
Html bars_of_numbers(const Json& lists, const char* side) {
  double largest = 0;
  for (const Json& list : lists)
    for (const Json& number : list) largest = std::max(largest, std::abs(number.get<double>()));
  Html drawn;
  for (const Json& list : lists) {
    const double width = 1.0 / static_cast<double>(list.size());
    Html marks = mark("line", {{"class", "zero"}, {"x2", "100%"}, {"y1", "14"}, {"y2", "14"}});
    for (size_t i = 0; i < list.size(); ++i) {
      const double height = largest > 0 ? 13 * list[i].get<double>() / largest : 0;
      marks += mark("rect", {{"class", side},
                             {"x", place(width * (static_cast<double>(i) + 0.15))},
                             {"width", place(0.7 * width)},
                             {"y", fmt::format("{:.1f}", 14 - std::max(height, 0.0))},
                             {"height", fmt::format("{:.1f}", std::abs(height))}});
    }
    drawn +=
        tag("svg", {{"class", "numbers"}, {"role", "img"}, {"aria-label", brief(list)}}, marks);
  }
  return drawn;
}

}  // namespace

std::string powers_of_ten(const std::string& text) {
  static constexpr const char* kRaised[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const auto is_digit = [&](size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '9';
  };
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != 'e' || i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) {
      shown += text[i];
      continue;
    }
    shown += "×10";
    for (; is_digit(i + 1); ++i) shown += kRaised[text[i + 1] - '0'];
  }
  return shown;
}

std::string first_upper(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  if (!text.empty() && std::string_view(".?!").find(text.back()) == std::string_view::npos)
    text += '.';
  return text;
}

std::string says(const Run& run, const Json& node) {
  return first_upper(sentence(run, node, "h", operations().functions));
}

std::string read_by(const Run& run, const Json& node) {
  return sentence(run, node, "alpha", operations().abstractions);
}

std::string equal_if(const Run& run, const Json& node) {
  return equality_words(*run.validation, node.at("node"), *run.task);
}

std::string lives_in(const Run& run, const Json& node) {
  if (!node.contains("reads")) return "";
  std::string text;
  size_t shown = 0;
  for (const Json& site : node["reads"]) {
    if (++shown > kPlacesShown)
      return fmt::format("{}; and {} more", text, node["reads"].size() - kPlacesShown);
    text += (text.empty() ? "" : "; ") + place_words(*run.task, site.get<std::string>());
  }
  return text;
}

bool is_bits(const Json& value) {
  return value.is_array() && value.size() > 1 && std::ranges::all_of(value, [](const Json& bit) {
           return bit.is_boolean() || bit == 0 || bit == 1;
         });
}

Html bit_strip(const Json& bits, const std::string& style_class) {
  std::string off, on;
  for (size_t i = 0; i < bits.size(); ++i) {
    const bool filled = bits[i].is_boolean() ? bits[i].get<bool>() : bits[i] == 1;
    (filled ? on : off) += fmt::format("M{} 0h5v7h-5z", 6 * i);
  }
  const size_t count = static_cast<size_t>(std::ranges::count_if(
      bits, [](const Json& bit) { return bit.is_boolean() ? bit.get<bool>() : bit == 1; }));
  Html marks;
  if (!off.empty()) marks += mark("path", {{"class", "bo"}, {"d", off}});
  if (!on.empty()) marks += mark("path", {{"class", style_class}, {"d", on}});
  return tag("svg",
             {{"class", "strip"},
              {"viewBox", fmt::format("-1 -1 {} 9", 6 * std::max(bits.size(), kLeastStrip) + 1)},
              {"role", "img"},
              {"aria-label", fmt::format("{} of {} on", count, bits.size())}},
             marks);
}

Html value_html(const Run& run, const Json& node, const Json& value, const char* side) {
  if (const std::string told = told_by_task(run, node, value); !told.empty()) return told;
  if (reads_tokens(node) && is_list_of_lists(value)) {
    Html chips;
    const std::vector<std::string> groups = groups_of(run, value);
    for (size_t i = 0; i < std::min(groups.size(), kGroupsShown); ++i)
      chips += span("cl", groups[i]) + " ";
    if (groups.size() > kGroupsShown)
      chips += fmt::format("and {} more", groups.size() - kGroupsShown);
    return chips;
  }
  if (is_bits(value)) return bit_strip(value, side);
  if (is_measured(value)) return bars_of_numbers(Json::array({value}), side);
  if (is_list_of_lists(value) && value.size() <= kMostLines &&
      std::ranges::all_of(value, is_measured))
    return bars_of_numbers(value, side);
  if (const auto answer = answer_in_prose(run, node, value)) return tag("b", *answer);
  return brief(unwrapped(value));
}

std::string value_text(const Run& run, const Json& node, const Json& value) {
  if (const std::string told = told_by_task(run, node, value); !told.empty()) return told;
  if (reads_tokens(node) && is_list_of_lists(value)) {
    std::string text;
    for (const std::string& group : groups_of(run, value))
      text += (text.empty() ? "" : ", ") + group;
    return text;
  }
  if (const auto answer = answer_in_prose(run, node, value)) return *answer;
  return brief(unwrapped(value));
}

Html input_html(const Run& run, const std::vector<int64_t>& tokens) {
  Html chips;
  for (const tasks::Wording::Piece& piece :
       tasks::pieces_of(*run.task, torch::tensor(tokens, torch::kInt64)))
    chips += tag("span", {{"class", "cl"}, {"dir", "auto"}}, piece.text) + " ";
  return chips;
}

Html text_input_html(const Run& run, const std::string& text) {
  if (!run.task) return tag("code", text);
  try {
    const at::Tensor tokens = run.task->to_tokens(text);
    std::vector<int64_t> list;
    for (int64_t i = 0; i < tokens.size(0); ++i) list.push_back(tokens[i].item<int64_t>());
    return input_html(run, list);
  } catch (const std::exception&) {  // an input of another version of the task, perhaps
    return tag("code", text);
  }
}

}  // namespace assay::tools::page
