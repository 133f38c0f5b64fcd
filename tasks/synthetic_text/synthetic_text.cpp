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

class SyntheticText : public Task {
 public:
  explicit SyntheticText(Language language) : language_(std::move(language)) {}

  const Language& language() const { return language_; }

  std::string name() const override { return language_.name; }
  Settings settings() const override { return language_.settings; }
  int64_t d_vocab() const override { return language_.positive() + 1; }
  int64_t n_ctx() const override { return language_.max_length; }
  int64_t readout() const override { return n_ctx() - 1; }

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
  std::string token_name(int64_t token) const override {
    if (token < 0 || token >= d_vocab())
      throw std::invalid_argument(fmt::format("token {}: expected 0 to {}", token, d_vocab() - 1));
    if (token < language_.n_words()) return language_.words[token].name;
    if (token == language_.filler()) return ".";
    return token == language_.positive() ? "positive" : "negative";
  }

  /// Words are alike; the filler and the answers are alone.
  std::vector<int64_t> token_types() const override {
    std::vector<int64_t> types(d_vocab(), 0);
    std::iota(types.begin() + language_.n_words(), types.end(), 1);
    return types;
  }
  interp::attribution::Sequence sequence_of(const at::Tensor& tokens) const override {
    interp::attribution::Sequence sequence;
    for (int64_t i = 0; i < tokens.size(0) && tokens[i].item<int64_t>() != language_.filler(); ++i)
      sequence.push_back(tokens[i].item<int64_t>());
    return sequence;
  }
  /// The answer is read at the last word, which is a feature like the others.
  std::vector<interp::attribution::Feature> features(
      const std::string& kind, const interp::attribution::Sequence& tokens) const override {
    interp::attribution::Sequence ended = tokens;
    ended.push_back(language_.filler());
    return Task::features(kind, ended);
  }

  Recipe recipe(const std::string& preset) const override {
    return synthetic_text::recipe(preset, language_);
  }

 private:
  int64_t word_named(const std::string& name) const {
    const auto found = std::ranges::find(language_.words, name, &Word::name);
    if (found == language_.words.end())
      throw std::invalid_argument(fmt::format("'{}' is no word of {}", name, language_.name));
    return found - language_.words.begin();
  }

  Language language_;
};

TaskEntry entry_of(const std::string& name, const std::string& help,
                   const std::vector<Setting>& settings,
                   std::unique_ptr<Task> (*make)(const Settings& settings)) {
  return {.name = name,
          .help = help,
          .settings = settings,
          .derivation = {},
          .presets = presets(),
          .make = make,
          .add_operations = [](circuits::Operations&) {},
          .mutations = {}};
}

}  // namespace

TaskEntry bag_of_words_entry() {
  return entry_of("bag-of-words", "is a text positive, if words add up? (arXiv 2405.13536)", {},
                  [](const Settings&) -> std::unique_ptr<Task> {
                    return std::make_unique<SyntheticText>(bag_of_words());
                  });
}

TaskEntry slalom_words_entry() {
  return entry_of("slalom-words",
                  "is a text positive, if words are averaged by importance? (arXiv 2405.13536)",
                  {{"words", "--words", "16, 32, 64, 128 or 200", 16}},
                  [](const Settings& settings) -> std::unique_ptr<Task> {
                    return std::make_unique<SyntheticText>(slalom_words(settings.at("words")));
                  });
}

Language language_of(const Task& task) {
  if (const auto* text = dynamic_cast<const SyntheticText*>(&task)) return text->language();
  throw std::invalid_argument(
      fmt::format("{} is no synthetic text of which every word's part is known; bag-of-words and "
                  "slalom-words are",
                  task.name()));
}

}  // namespace assay::tasks::synthetic_text
