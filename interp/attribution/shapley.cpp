#include "interp/attribution/shapley.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <boost/math/special_functions/binomial.hpp>
#include <stdexcept>

#include "interp/attribution/coalitions.h"
#include "interp/attribution/game_presets.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// s! (n-s-1)!/n! = 1/(n C(n-1, s)) for s = 0 … n-1: the weight of what a feature adds to s others.
Tensor weights_by_size(int64_t n) {
  std::vector<double> weights;
  for (int64_t s = 0; s < n; ++s)
    weights.push_back(
        1 / (static_cast<double>(n) * boost::math::binomial_coefficient<double>(
                                          static_cast<unsigned>(n - 1), static_cast<unsigned>(s))));
  return torch::tensor(weights, torch::kFloat64);
}

Explanation explain_exactly(const Problem& problem, const std::string& preset) {
  const Tensor values = shapley_values(game_of(problem, preset).game, problem.input.size());
  return {.scores = values, .diagnostics = {{"coalitions", int64_t{1} << values.numel()}}};
}

}  // namespace

Tensor shapley_values(const Game& game, int64_t n_features) {
  if (n_features > kMaxExactFeatures)
    throw std::invalid_argument(
        fmt::format("exact Shapley values: expected at most {} features, got {} (sampled-shapley "
                    "takes any number)",
                    kMaxExactFeatures, n_features));
  const Tensor kept = all_coalitions(n_features);
  const Tensor values = game(kept), size = kept.sum(1);
  const Tensor weights = at::constant_pad_nd(weights_by_size(n_features), {1, 1});
  // A set with the feature counts with it added to one fewer, a set without it as it is.
  const Tensor with = values * weights.index_select(0, size);
  const Tensor without = values * weights.index_select(0, size + 1);
  return at::where(kept, with.unsqueeze(1), -without.unsqueeze(1)).sum(0);
}

Method shapley_method() {
  return {.name = "shapley",
          .help = "exact Shapley values, from the value of every set of features",
          .presets = game_presets(),
          .explain = explain_exactly};
}

}  // namespace assay::interp::attribution
