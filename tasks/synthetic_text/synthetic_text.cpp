#include "tasks/synthetic_text/synthetic_text.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "tasks/synthetic_text/recipe.h"
#include "tasks/synthetic_text/sampler.h"

namespace assay::tasks::synthetic_text {
namespace {

using interp::attribution::Sequence;

class SyntheticText : public Task {
 public:
  explicit SyntheticText(const Language& language)
      : Task(language.name, language.settings), language_(language) {
    provide(TokenNames{[this](int64_t token) { return name_of(token); }});
    provide(
        InputLengths{.sequence_of = [this](const at::Tensor& tokens) { return words_of(tokens); }});
    // The answer is read at the last word, which is a feature like the others.
    provide(Features{.kinds = {"token"}, .of = [this](const std::string&, Sequence tokens) {
                       tokens.push_back(language_.filler());
                       return token_features(tokens);
                     }});
    provide(Replacers{.token_types = types()});
    provide(Wording{
        .deed = "tells whether a text is positive",
        .sentence = "It reads a text of made-up words, each of which speaks for or against it, and "
                    "answers whether the text is positive.",
        .example = first_words() + "…: positive?",
        .input = "text",
        .inputs = "texts"});
    provide(Recipes{
        [this](const std::string& preset) { return synthetic_text::recipe(preset, language_); }});
  }

  const Language& language() const { return language_; }

  Size size() const override {
    return {.n_tokens = language_.positive() + 1,
            .n_ctx = language_.max_length,
            .readout = language_.max_length - 1};
  }

  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return Sampler(language_, part, seed).batch(first, count);
  }
  std::vector<int64_t> answers() const override {
    return {language_.negative(), language_.positive()};
  }

  std::string to_text(const at::Tensor& tokens) const override {
    std::string text;
    for (int64_t i = 0; i < tokens.size(0); ++i) {
      const auto token = tokens[i].item<int64_t>();
      if (token == language_.filler()) break;
      text += (i == 0 ? "" : " ") + token_name(token);
    }
    return text;
  }
  at::Tensor to_tokens(const std::string& text) const override {
    at::Tensor tokens = at::full({n_ctx()}, language_.filler(), torch::kInt64);
    std::istringstream words(text);
    int64_t length = 0;
    for (std::string word; words >> word; ++length) {
      if (length < n_ctx()) tokens[length] = word_named(word);
    }
    if (length < 1 || length > n_ctx())
      throw std::invalid_argument(
          fmt::format("the text has {} words, expected 1 to {}", length, n_ctx()));
    return tokens;
  }

 private:
  std::string first_words() const {
    std::string text;
    for (int64_t word = 0; word < std::min<int64_t>(3, language_.n_words()); ++word)
      text += language_.words[static_cast<size_t>(word)].name + " ";
    return text;
  }

  std::string name_of(int64_t token) const {
    if (token < 0 || token >= d_vocab())
      throw std::invalid_argument(fmt::format("token {}: expected 0 to {}", token, d_vocab() - 1));
    if (token < language_.n_words()) return language_.words[token].name;
    if (token == language_.filler()) return ".";
    return token == language_.positive() ? "positive" : "negative";
  }
  /// Words are alike; the filler and the answers are alone.
  std::vector<int64_t> types() const {
    std::vector<int64_t> types(d_vocab(), 0);
    std::iota(types.begin() + language_.n_words(), types.end(), 1);
    return types;
  }
  Sequence words_of(const at::Tensor& tokens) const {
    Sequence words;
    for (int64_t i = 0; i < tokens.size(0) && tokens[i].item<int64_t>() != language_.filler(); ++i)
      words.push_back(tokens[i].item<int64_t>());
    return words;
  }
  int64_t word_named(const std::string& name) const {
    const auto found = std::ranges::find(language_.words, name, &Word::name);
    if (found == language_.words.end())
      throw std::invalid_argument(fmt::format("'{}' is no word of {}", name, language_.name));
    return found - language_.words.begin();
  }

  Language language_;
};

template <typename Make>
TaskEntry entry_of(const std::string& name, const std::string& help,
                   const std::vector<interp::Option>& options, const Make& language) {
  return {.name = name,
          .help = help,
          .options = options,
          .derivation = {},
          .presets = presets(),
          .make = [language](const Settings& settings) -> std::unique_ptr<Task> {
            return std::make_unique<SyntheticText>(language(settings));
          }};
}

}  // namespace

TaskEntry bag_of_words_entry() {
  return entry_of("bag-of-words", "is a text positive, if words add up? (arXiv 2405.13536)", {},
                  [](const Settings&) { return bag_of_words(); });
}

TaskEntry slalom_words_entry() {
  return entry_of("slalom-words",
                  "is a text positive, if words are averaged by importance? (arXiv 2405.13536)",
                  {{"words", "--words", "16, 32, 64, 128 or 200", 16}},
                  [](const Settings& settings) { return slalom_words(settings.at("words")); });
}

Language language_of(const Task& task) {
  if (const auto* text = dynamic_cast<const SyntheticText*>(&task)) return text->language();
  throw std::invalid_argument(
      fmt::format("{} is no synthetic text of which every word's part is known; bag-of-words and "
                  "slalom-words are",
                  task.name()));
}

}  // namespace assay::tasks::synthetic_text
