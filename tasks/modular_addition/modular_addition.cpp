#include "tasks/modular_addition/modular_addition.h"

#include <torch/types.h>

#include <numeric>
#include <random>

#include "interp/statistics/random.h"
#include "tasks/modular_addition/derivation.h"
#include "tasks/modular_addition/mutations.h"
#include "tasks/modular_addition/operations.h"
#include "tasks/modular_addition/pairs.h"
#include "tasks/modular_addition/recipe.h"

namespace assay::tasks::modular_addition {
namespace {

class ModularAddition : public Task {
 public:
  explicit ModularAddition(const Settings& settings)
      : pairs_({.p = settings.at("p"),
                .train_fraction = settings.at("train_fraction"),
                .split_seed = settings.at("split_seed")}) {}

  std::string name() const override { return "modular-addition"; }
  Settings settings() const override {
    const PairSettings& s = pairs_.settings();
    return {{"p", s.p}, {"train_fraction", s.train_fraction}, {"split_seed", s.split_seed}};
  }
  int64_t d_vocab() const override { return pairs_.settings().p + 1; }
  int64_t n_ctx() const override { return kContext; }
  int64_t readout() const override { return kReadout; }
  bool one_length() const override { return true; }

  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return pairs_.sample(part, seed, first, count);
  }
  at::Tensor answers_of(const at::Tensor& tokens) const override {
    return (tokens.select(1, 0) + tokens.select(1, 1)).remainder(pairs_.settings().p);
  }
  std::optional<Part> part_of(const at::Tensor& tokens) const override {
    if (!can_draw(tokens)) return std::nullopt;
    return pairs_.part_of(tokens[0].item<int64_t>(), tokens[1].item<int64_t>());
  }
  std::vector<Transformation> transformations() const override {
    const auto swapped = [](const at::Tensor& tokens, uint64_t, int64_t) {
      return tokens.index_select(1, torch::tensor({1, 0, 2}));
    };
    return {{"swap-numbers", "a and b change places", swapped}};
  }
  std::vector<int64_t> answers() const override {
    std::vector<int64_t> numbers(pairs_.settings().p);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }
  /// Numbers are alike; '=' is alone.
  std::vector<int64_t> token_types() const override {
    std::vector<int64_t> types(d_vocab(), 0);
    types.back() = 1;
    return types;
  }
  /// Partners have another second number; the wrong answer is theirs.
  circuits::Counterfactuals counterfactuals(Part part, uint64_t seed, int64_t first,
                                            int64_t count) const override {
    const interp::LabelledBatch batch = sample(part, seed, first, count);
    circuits::Counterfactuals data = without_partners(batch);
    const int64_t p = pairs_.settings().p;
    at::Tensor shift = at::empty({count}, torch::kInt64);
    for (int64_t i = 0; i < count; ++i) {
      auto engine =
          statistics::engine_at<std::mt19937>({seed, seed >> 32, static_cast<uint64_t>(first + i)});
      shift.data_ptr<int64_t>()[i] = 1 + static_cast<int64_t>(engine() % (p - 1));
    }
    data.corrupt = batch.tokens.clone();
    data.corrupt.select(1, 1).add_(shift).remainder_(p);
    data.wrong = at::zeros_like(data.right)
                     .scatter_(1, (batch.labels + shift).remainder(p).unsqueeze(1), true);
    return data;
  }
  std::optional<Domain> domain() const override { return pairs_.domain(); }

  std::string to_text(const at::Tensor& tokens) const override { return pairs_.to_text(tokens); }
  at::Tensor to_tokens(const std::string& text) const override { return pairs_.to_tokens(text); }
  std::string token_name(int64_t token) const override { return pairs_.token_name(token); }

  Recipe recipe(const std::string& preset) const override {
    return modular_addition::recipe(preset, pairs_);
  }

  std::vector<std::string> variants() const override { return modular_addition::variants(); }
  int64_t deriving_inputs(Part part) const override {
    return static_cast<int64_t>(pairs_.of(part).size());
  }
  Derivation derive(const interp::Network& network, const DeriveConfig& config) const override {
    require_fits(network.places());
    return modular_addition::derive(*this, pairs_, network, config);
  }

 private:
  Pairs pairs_;
};

}  // namespace

TaskEntry entry() {
  return {
      .name = "modular-addition",
      .help = "what is a + b modulo a prime? (arXiv 2301.05217)",
      .settings = {{"p", "--p", "the prime, 3 to 251", 113},
                   {"train_fraction", "--train-fraction", "of the p² pairs to train on", 0.3},
                   {"split_seed", "--split-seed", "chooses the pairs to train on", 0}},
      .derivation = derivation_settings(),
      .presets = presets(),
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        return std::make_unique<ModularAddition>(settings);
      },
      .add_operations = add_operations,
      .mutations = mutations(),
  };
}

}  // namespace assay::tasks::modular_addition
