#include "interp/attribution/kernel_shap.h"

#include <torch/types.h>

#include <algorithm>
#include <boost/math/special_functions/binomial.hpp>

#include "interp/attribution/coalitions.h"
#include "interp/attribution/game_presets.h"
#include "interp/attribution/linear_fit.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// Sets without the two that the constraints speak of.
struct Coalitions {
  Tensor kept;     // bool [rows, features]
  Tensor weights;  // float64 [rows]
};

/// The kernel of all sets of s features together, but for a factor: 1/(s (n-s)) for s = 1 … n-1.
std::vector<double> kernel_by_size(int64_t n) {
  std::vector<double> weights;
  for (int64_t s = 1; s < n; ++s) weights.push_back(1 / static_cast<double>(s * (n - s)));
  return weights;
}

Coalitions every_one(int64_t n) {
  const Tensor kept = all_coalitions(n).narrow(0, 1, (int64_t{1} << n) - 2);
  std::vector<double> weights = kernel_by_size(n);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] /= boost::math::binomial_coefficient<double>(static_cast<unsigned>(n),
                                                            static_cast<unsigned>(i + 1));
  return {kept, torch::tensor(weights, torch::kFloat64).index_select(0, kept.sum(1) - 1)};
}

Coalitions drawn(int64_t pairs, int64_t n, uint64_t seed) {
  statistics::Engine engine(seed);
  const statistics::Categorical size_less_one(kernel_by_size(n));
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < pairs; ++i) sizes.push_back(1 + size_less_one(engine));
  const Tensor kept = random_coalitions(engine, sizes, n);
  return {at::cat({kept, kept.logical_not()}), at::ones({2 * pairs}, torch::kFloat64)};
}

Explanation explain_by_kernel(const Problem& problem, const std::string& preset) {
  const auto [game, coalitions] = game_of(problem, preset);
  const KernelShap fit = kernel_shap(game, problem.input.size(), coalitions, problem.seed);
  return {.scores = fit.values,
          .diagnostics = {{"coalitions", fit.coalitions}, {"exact", fit.exact}}};
}

}  // namespace

KernelShap kernel_shap(const Game& game, int64_t n_features, int64_t budget, uint64_t seed) {
  const int64_t n = n_features;
  const Tensor ends = at::stack({at::zeros({n}, torch::kBool), at::ones({n}, torch::kBool)});
  if (n == 1) return {.values = game(ends).diff(), .coalitions = 2, .exact = true};
  const bool exact = n <= 20 && (int64_t{1} << n) <= budget;
  const Coalitions coalitions =
      exact ? every_one(n) : drawn(std::max<int64_t>(1, (budget - 2) / 2), n, seed);
  const Tensor values = game(at::cat({ends, coalitions.kept}));
  const Tensor gains = values.narrow(0, 2, coalitions.kept.size(0)) - values[0];
  return {
      .values = least_squares_of_sum(coalitions.kept.to(torch::kFloat64), gains, coalitions.weights,
                                     (values[1] - values[0]).item<double>()),
      .coalitions = values.size(0),
      .exact = exact};
}

Method kernel_shap_method() {
  return {.name = "kernel-shap",
          .help = "Shapley values by weighted least squares; exact if all sets fit the budget",
          .presets = game_presets(),
          .explain = explain_by_kernel};
}

}  // namespace assay::interp::attribution
