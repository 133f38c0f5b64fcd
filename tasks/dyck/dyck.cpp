#include "tasks/dyck/dyck.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/statistics/random.h"
#include "tasks/dyck/derivation.h"
#include "tasks/dyck/recipe.h"
#include "tasks/dyck/specification.h"
#include "tasks/dyck/strings.h"
#include "tasks/dyck/wording.h"

namespace assay::tasks::dyck {
namespace {

using at::Tensor;

const char* name_of(int64_t token) {
  if (token != kOpen && token != kClose)
    throw std::invalid_argument(fmt::format("token {}: expected 0 for ( or 1 for )", token));
  return token == kOpen ? "(" : ")";
}

std::vector<interp::attribution::Feature> parentheses(const std::string&,
                                                      const interp::attribution::Sequence& tokens) {
  std::vector<std::string> names;
  for (const int64_t token : tokens) names.emplace_back(name_of(token));
  return interp::attribution::token_features(names);
}

class Dyck : public Task {
 public:
  explicit Dyck(const StringSettings& settings)
      : Task("dyck", {{"length", settings.length},
                      {"train_fraction", settings.train_fraction},
                      {"split_seed", settings.split_seed}}),
        strings_(settings) {
    provide(TokenNames{.token = name_of, .answer = [](int64_t answer) -> std::string {
                         return answer == kBalanced ? "balanced" : "unbalanced";
                       }});
    provide(Truth{dyck::answers});
    provide(
        Distribution{.holds = [](const Tensor&) { return true; },
                     .part = [this](const Tensor& tokens) { return strings_.part_of(tokens); }});
    provide(FiniteDomain{[this] { return strings_.domain(); }});
    provide(dyck::specification(settings.length));
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return with_partners(sample(part, seed, first, count), seed, first);
    }});
    provide(Transformations{
        {{"mirror", "the string read backwards, with ( and ) exchanged",
          [](const Tensor& tokens, uint64_t, int64_t) { return 1 - tokens.flip(1); }}}});
    provide(InputLengths{.one = true});
    provide(dyck::wording(settings.length));
    provide(Features{.kinds = {"token"}, .of = parentheses});
    provide(Recipes{[this](const std::string& preset) { return dyck::recipe(preset, strings_); }});
    provide(Interpretations{.variants = dyck::variants(),
                            .inputs = [this](Part part) { return strings_.pass(part); },
                            .derive =
                                [this](const interp::Network& network, const DeriveConfig& config) {
                                  require_fits(network.places());
                                  return dyck::derive(*this, network, config);
                                }});
  }

  Size size() const override {
    return {.n_tokens = kTokens, .n_ctx = strings_.settings().length, .readout = 0};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return strings_.sample(part, seed, first, count);
  }
  std::vector<int64_t> answers() const override { return {kUnbalanced, kBalanced}; }

  std::string to_text(const Tensor& tokens) const override {
    std::string text;
    for (int64_t i = 0; i < tokens.size(0); ++i) text += name_of(tokens[i].item<int64_t>());
    return text;
  }
  Tensor to_tokens(const std::string& text) const override {
    std::vector<int64_t> tokens;
    for (const char c : text)
      if (c == '(' || c == ')')
        tokens.push_back(c == '(' ? kOpen : kClose);
      else if (c != ' ')
        throw std::invalid_argument(
            fmt::format("'{}': expected parentheses, such as (()())", text));
    if (std::ssize(tokens) != n_ctx())
      throw std::invalid_argument(
          fmt::format("'{}': expected {} parentheses, got {}", text, n_ctx(), tokens.size()));
    return torch::tensor(tokens, torch::kInt64);
  }

 private:
  /// The partner of a balanced string has one parenthesis turned round; that of another string is
  /// some balanced one.
  circuits::Counterfactuals with_partners(const interp::LabelledBatch& batch, uint64_t seed,
                                          int64_t first) const {
    circuits::Counterfactuals data = without_partners(batch);
    data.corrupt = batch.tokens.clone();
    for (int64_t i = 0; i < batch.tokens.size(0); ++i) {
      const uint64_t key = statistics::scattered(seed, static_cast<uint64_t>(first + i));
      Tensor row = data.corrupt[i];
      if (batch.labels[i].item<int64_t>() == kBalanced) {
        Tensor token = row[static_cast<int64_t>(key % static_cast<uint64_t>(n_ctx()))];
        token.copy_(1 - token);
      } else {
        row.copy_(strings_.some_balanced(key));
      }
    }
    return data;
  }

  Strings strings_;
};

}  // namespace

TaskEntry entry() {
  return {
      .name = "dyck",
      .help = "is a string of parentheses balanced? (verified-circuits)",
      .options = {{"length", "--length", "of the strings, an even number from 4 to 20", 10},
                  {"train_fraction", "--train-fraction", "of the strings to train on", 0.5},
                  {"split_seed", "--split-seed", "chooses the strings to train on", 0}},
      .derivation = {},
      .presets = presets(),
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        return std::make_unique<Dyck>(
            StringSettings{.length = settings.at("length"),
                           .train_fraction = settings.at("train_fraction"),
                           .split_seed = settings.at("split_seed")});
      },
  };
}

}  // namespace assay::tasks::dyck
