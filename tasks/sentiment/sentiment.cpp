#include "tasks/sentiment/sentiment.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include "interp/files/files.h"
#include "tasks/sentiment/pool.h"
#include "tasks/sentiment/recipe.h"
#include "tasks/sentiment/replacer.h"
#include "tasks/sentiment/reviews.h"

namespace assay::tasks::sentiment {
namespace {

using at::Tensor;
using interp::attribution::Feature;
using interp::attribution::Sequence;

// Outputs of a network are the first two tokens; words follow the others.
constexpr int64_t kNegative = 0, kPositive = 1, kUnknown = 2, kStart = 3, kFiller = 4, kWords = 5;
constexpr const char* kMarks[] = {"[negative]", "[positive]", "[unknown]", "[start]", "[end]"};
constexpr int64_t kRow = 64;
constexpr int64_t kMostWords = 1'000'000;

/// The texts of a file in the words of its vocabulary.
class Corpus {
 public:
  Corpus(const std::string& path, int64_t n_words, bool start)
      : start_(start), pool_(read(path, n_words), {.length = kRow, .filler = kFiller}) {}

  const Pool& pool() const { return pool_; }
  /// The number of the word in the vocabulary; the vocabulary may hold fewer words than it could.
  std::optional<std::string> word(int64_t number) const {
    if (number >= std::ssize(words_)) return std::nullopt;
    return words_[number];
  }
  Sequence tokens_of(const std::vector<std::string>& words) const {
    Sequence tokens;
    if (start_) tokens.push_back(kStart);
    for (const std::string& word : words) {
      const auto found = token_of_.find(word);
      tokens.push_back(found == token_of_.end() ? kUnknown : found->second);
    }
    return tokens;
  }

 private:
  std::vector<RatedText> read(const std::string& path, int64_t n_words) {
    const auto reviews = parse_reviews(path, interp::read_file(path), kRow - (start_ ? 1 : 0));
    words_ = vocabulary_of(reviews, n_words);
    for (size_t i = 0; i < words_.size(); ++i)
      token_of_[words_[i]] = kWords + static_cast<int64_t>(i);
    std::vector<RatedText> texts;
    std::set<Sequence> trained;  // texts may differ in words alone that the vocabulary lacks
    for (const Review& review : reviews)
      if (review.part == Part::Train) trained.insert(tokens_of(review.words));
    for (const Review& review : reviews) {
      const Sequence tokens = tokens_of(review.words);
      if (review.part == Part::Train || !trained.contains(tokens))
        texts.push_back({tokens, review.rating, review.part});
    }
    return texts;
  }

  bool start_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, int64_t> token_of_;
  Pool pool_;
};

class Sentiment : public Task {
 public:
  explicit Sentiment(const Settings& settings)
      : Task("sentiment", settings),
        path_(settings.at("texts")),
        n_words_(settings.at("words")),
        start_(!settings.at("bare")) {
    provide(TokenNames{.token = [this](int64_t token) { return name_of(token); },
                       .answer = [](int64_t answer) -> std::string {
                         return answer == kPositive ? "positive" : "negative";
                       }});
    provide(FiniteDomain{[this] { return corpus().pool().domain(); }});
    provide(
        InputLengths{.sequence_of = [](const Tensor& tokens) { return without_filler(tokens); }});
    provide(Features{.kinds = {"token"}, .of = [this](const std::string&, const Sequence& tokens) {
                       return words_in(tokens);
                     }});
    provide(Replacers{
        .token_types = types(),
        .own = {{"unknown", [] { return std::make_unique<UnknownWordReplacer>(kUnknown); }}}});
    provide(Wording{.deed = "tells whether a review is positive",
                    .sentence =
                        "It reads a sentence from a film review, and answers whether people "
                        "would call it positive or negative.",
                    .example = "effective but too tepid biopic: negative",
                    .input = "review",
                    .inputs = "reviews"});
    provide(
        Recipes{[this](const std::string& preset) { return sentiment::recipe(preset, size()); }});
  }

  Size size() const override {
    return {.n_tokens = kWords + n_words_, .n_ctx = kRow, .readout = kRow - 1};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return corpus().pool().sample(part, seed, first, count);
  }
  std::vector<int64_t> answers() const override { return {kNegative, kPositive}; }

  std::string to_text(const Tensor& tokens) const override {
    std::string text;
    for (const int64_t token : without_filler(tokens))
      if (token != kStart) text += (text.empty() ? "" : " ") + token_name(token);
    return text;
  }
  /// Any text: what is no word is left out, and words that nobody knows are one token.
  Tensor to_tokens(const std::string& text) const override {
    std::vector<std::string> words;
    std::istringstream pieces(text);
    for (std::string piece; pieces >> piece;) {
      if (piece == kMarks[kUnknown])
        words.push_back(piece);
      else
        std::ranges::move(words_of(piece), std::back_inserter(words));
    }
    const Sequence found = corpus().tokens_of(words);
    if (words.empty() || std::ssize(found) > kRow)
      throw std::invalid_argument(fmt::format("the text has {} words, expected 1 to {}",
                                              words.size(), kRow - (start_ ? 1 : 0)));
    Tensor tokens = at::full({kRow}, kFiller, torch::kInt64);
    std::ranges::copy(found, tokens.data_ptr<int64_t>());
    return tokens;
  }

 private:
  static Sequence without_filler(const Tensor& tokens) {
    Sequence words;
    for (int64_t i = 0; i < tokens.size(0) && tokens[i].item<int64_t>() != kFiller; ++i)
      words.push_back(tokens[i].item<int64_t>());
    return words;
  }

  const Corpus& corpus() const {
    std::call_once(read_, [this] {
      if (path_.empty())
        throw std::invalid_argument(
            "the texts of sentiment come from a file: name it with --texts; tools/sentiment fetch "
            "FOLDER brings it");
      corpus_.emplace(path_, n_words_, start_);
    });
    return *corpus_;
  }
  std::string name_of(int64_t token) const {
    if (token < 0 || token >= d_vocab())
      throw std::invalid_argument(fmt::format("token {}: expected 0 to {}", token, d_vocab() - 1));
    if (token < kWords) return kMarks[token];
    return corpus().word(token - kWords).value_or(fmt::format("[unused {}]", token));
  }
  std::vector<Feature> words_in(const Sequence& tokens) const {
    std::vector<Feature> features;
    for (size_t i = start_ ? 1 : 0; i < tokens.size(); ++i)
      features.push_back({token_name(tokens[i]), {static_cast<int64_t>(i)}});
    return features;
  }
  /// Words are alike, known or not; the other tokens are alone.
  std::vector<int64_t> types() const {
    std::vector<int64_t> types(d_vocab(), kUnknown);
    for (const int64_t mark : {kNegative, kPositive, kStart, kFiller}) types[mark] = mark;
    return types;
  }

  std::string path_;
  int64_t n_words_;
  bool start_;
  mutable std::once_flag read_;
  mutable std::optional<Corpus> corpus_;
};

/// Settings that say which texts they mean, wherever these can be read.
Settings with_hash(Settings settings) {
  const auto path = settings.at("texts").get<std::string>();
  const auto known = settings.at("sha256").get<std::string>();
  if (path.empty() || (!known.empty() && !std::filesystem::exists(path))) return settings;
  const std::string hash = interp::sha256_of_file(path);
  if (!known.empty() && hash != known)
    throw std::invalid_argument(
        fmt::format("{}: expected the texts with SHA-256 {}, got {}", path, known, hash));
  settings["sha256"] = hash;
  return settings;
}

}  // namespace

TaskEntry entry() {
  return {
      .name = "sentiment",
      .help = "is a film review positive? Texts that people have rated (docs/slalom.md)",
      .options = {{"texts", "--texts", "the reviews; tools/sentiment fetches them", "", {}, true},
                  {"sha256", "--sha256", "of the reviews (default: whatever it is)", ""},
                  {"words", "--words", "of the vocabulary, the most frequent ones", 8000},
                  {"bare", "--bare", "texts have no start token", false}},
      .derivation = {},
      .presets = presets(),
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        const auto words = settings.at("words").get<int64_t>();
        if (words < 1 || words > kMostWords)
          throw std::invalid_argument(
              fmt::format("words: expected 1 to {}, got {}", kMostWords, words));
        return std::make_unique<Sentiment>(with_hash(settings));
      }};
}

}  // namespace assay::tasks::sentiment
