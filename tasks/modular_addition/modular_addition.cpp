#include "tasks/modular_addition/modular_addition.h"

#include <torch/types.h>

#include <numeric>
#include <random>

#include "interp/statistics/random.h"
#include "tasks/modular_addition/derivation.h"
#include "tasks/modular_addition/page.h"
#include "tasks/modular_addition/pairs.h"
#include "tasks/modular_addition/recipe.h"
#include "tasks/modular_addition/specification.h"

namespace assay::tasks::modular_addition {
namespace {

class ModularAddition : public Task {
 public:
  explicit ModularAddition(const PairSettings& settings)
      : Task("modular-addition", {{"p", settings.p},
                                  {"train_fraction", settings.train_fraction},
                                  {"split_seed", settings.split_seed}}),
        pairs_(settings) {
    provide(TokenNames{[this](int64_t token) { return pairs_.token_name(token); }});
    provide(Truth{[p = p()](const at::Tensor& tokens) {
      return (tokens.select(1, 0) + tokens.select(1, 1)).remainder(p);
    }});
    provide(Distribution{.holds = [](const at::Tensor&) { return true; },
                         .part =
                             [this](const at::Tensor& tokens) {
                               return pairs_.part_of(tokens[0].item<int64_t>(),
                                                     tokens[1].item<int64_t>());
                             }});
    provide(FiniteDomain{[this] { return pairs_.domain(); }});
    provide(modular_addition::specification(settings.p));
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return with_partners(sample(part, seed, first, count), seed, first);
    }});
    provide(Transformations{
        {{"swap-numbers", "a and b change places", [](const at::Tensor& tokens, uint64_t, int64_t) {
            return tokens.index_select(1, torch::tensor({1, 0, 2}));
          }}}});
    provide(InputLengths{.one = true});
    provide(Replacers{.token_types = types()});
    provide(InputFeatures{
        .all = {{"a"},
                {"b"},
                {"a + b"},
                {"(a + b) mod p"},
                {"|a - b|"},
                {"its part",
                 true,
                 {to_string(Part::Train), to_string(Part::Derive), to_string(Part::Test)}}},
        .of = [this](const at::Tensor& tokens) { return features_of(tokens); }});
    provide(Recipes{
        [this](const std::string& preset) { return modular_addition::recipe(preset, pairs_); }});
    provide(Pages{{{"frequencies", "its key frequencies", frequencies_section}}});
    provide(modular_addition::wording(settings.p));
    provide(Interpretations{
        .variants = modular_addition::variants(),
        .inputs = [this](Part part) { return static_cast<int64_t>(pairs_.of(part).size()); },
        .derive =
            [this](const interp::Network& network, const DeriveConfig& config) {
              require_fits(network.places());
              return modular_addition::derive(*this, pairs_, network, config);
            }});
  }

  Size size() const override {
    return {.n_tokens = p() + 1, .n_ctx = kContext, .readout = kReadout};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return pairs_.sample(part, seed, first, count);
  }
  std::vector<int64_t> answers() const override {
    std::vector<int64_t> numbers(p());
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }
  std::string to_text(const at::Tensor& tokens) const override { return pairs_.to_text(tokens); }
  at::Tensor to_tokens(const std::string& text) const override { return pairs_.to_tokens(text); }

 private:
  int64_t p() const { return pairs_.settings().p; }

  /// Numbers are alike; '=' is alone.
  std::vector<int64_t> types() const {
    std::vector<int64_t> types(p() + 1, 0);
    types.back() = 1;
    return types;
  }

  at::Tensor features_of(const at::Tensor& tokens) const {
    const at::Tensor a = tokens.select(1, 0), b = tokens.select(1, 1);
    at::Tensor parts = at::empty_like(a);
    for (int64_t i = 0; i < a.size(0); ++i)
      parts[i] = static_cast<int64_t>(pairs_.part_of(a[i].item<int64_t>(), b[i].item<int64_t>()));
    return at::stack({a, b, a + b, (a + b).remainder(p()), (a - b).abs(), parts}, 1);
  }

  /// Partners have another second number; the wrong answer is theirs.
  circuits::Counterfactuals with_partners(const interp::LabelledBatch& batch, uint64_t seed,
                                          int64_t first) const {
    circuits::Counterfactuals data = without_partners(batch);
    const int64_t count = batch.tokens.size(0);
    at::Tensor shift = at::empty({count}, torch::kInt64);
    for (int64_t i = 0; i < count; ++i) {
      auto engine =
          statistics::engine_at<std::mt19937>({seed, seed >> 32, static_cast<uint64_t>(first + i)});
      shift.data_ptr<int64_t>()[i] = 1 + static_cast<int64_t>(engine() % (p() - 1));
    }
    data.corrupt = batch.tokens.clone();
    data.corrupt.select(1, 1).add_(shift).remainder_(p());
    data.wrong = at::zeros_like(data.right)
                     .scatter_(1, (batch.labels + shift).remainder(p()).unsqueeze(1), true);
    return data;
  }

  Pairs pairs_;
};

}  // namespace

TaskEntry entry() {
  return {
      .name = "modular-addition",
      .help = "what is a + b modulo a prime? (arXiv 2301.05217)",
      .options = {{"p", "--p", "the prime, 3 to 251", 113},
                  {"train_fraction", "--train-fraction", "of the p² pairs to train on", 0.3},
                  {"split_seed", "--split-seed", "chooses the pairs to train on", 0}},
      .derivation = derivation_options(),
      .presets = presets(),
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        return std::make_unique<ModularAddition>(
            PairSettings{.p = settings.at("p"),
                         .train_fraction = settings.at("train_fraction"),
                         .split_seed = settings.at("split_seed")});
      },
  };
}

}  // namespace assay::tasks::modular_addition
