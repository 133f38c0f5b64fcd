#include "interp/attribution/sampled_shapley.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "interp/attribution/game_presets.h"
#include "interp/statistics/random.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// When each feature comes, in random orders and then in their reverses: int64 [2 · pairs,
/// features].
Tensor arrivals(int64_t pairs, int64_t n, uint64_t seed) {
  statistics::Engine engine(seed);
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < pairs; ++i)
    rows.push_back(torch::tensor(statistics::permutation(engine, n), torch::kInt64));
  const Tensor forward = at::stack(rows);
  return at::cat({forward, n - 1 - forward});
}

Explanation explain_by_sampling(const Problem& problem, const std::string& preset) {
  const auto [game, coalitions] = game_of(problem, preset);
  const int64_t n = problem.input.size();
  const int64_t pairs = std::max<int64_t>(2, coalitions / (2 * std::max<int64_t>(1, n - 1)));
  const ShapleySample sample = sampled_shapley(game, n, pairs, problem.seed);
  return {.scores = sample.values,
          .standard_errors = sample.standard_errors,
          .diagnostics = {{"permutations", 2 * pairs}}};
}

}  // namespace

ShapleySample sampled_shapley(const Game& game, int64_t n_features, int64_t pairs, uint64_t seed) {
  if (pairs < 2)
    throw std::invalid_argument(
        fmt::format("sampled Shapley values: expected at least 2 pairs of orders, got {}", pairs));
  const Tensor arrival = arrivals(pairs, n_features, seed);
  const Tensor kept =  // [order, arrived so far, features]
      arrival.unsqueeze(1) < at::arange(n_features + 1, torch::kInt64).view({1, -1, 1});
  const Tensor values = game(kept.flatten(0, 1)).view({2 * pairs, n_features + 1});
  const Tensor added = values.diff(1, 1).gather(1, arrival);  // [order, features]
  const Tensor by_pair = added.view({2, pairs, n_features}).mean(0);
  return {
      .values = by_pair.mean(0),
      .standard_errors = by_pair.std(0, /*unbiased=*/true) / std::sqrt(static_cast<double>(pairs))};
}

Method sampled_shapley_method() {
  return {.name = "sampled-shapley",
          .help = "Shapley values from random orders of the features, with standard errors",
          .presets = game_presets(),
          .explain = explain_by_sampling};
}

}  // namespace assay::interp::attribution
