#include "interp/attribution/faithfulness_removal.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "interp/attribution/coalitions.h"
#include "interp/attribution/linear_fit.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// Sets without 0 … fitted_largest features, least squares on them.
Surrogate least_squares_surrogate(const Game& game, int64_t n, const RemovalConfig& config,
                                  statistics::Engine& engine) {
  const int64_t largest = std::min(config.fitted_largest, n - 1);
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < config.fitted_rows; ++i)
    sizes.push_back(n - statistics::draw_below(engine, largest + 1));
  const Tensor kept = random_coalitions(engine, sizes, n);
  const Tensor X = kept.to(torch::kFloat64), y = game(kept);
  return additive(weighted_ridge(X, y, at::ones_like(y), 0).coefficients);
}

/// Sets without 1, then 2, … features, `masks` of each.
Tensor removals(int64_t n, const RemovalConfig& config, statistics::Engine& engine) {
  std::vector<int64_t> sizes;
  for (int64_t k = 1; k <= std::min(config.largest, n); ++k)
    sizes.insert(sizes.end(), config.masks, n - k);
  return random_coalitions(engine, sizes, n);
}

/// @param predicted, actual  [sizes, masks].
RemovalErrors errors_of(const Tensor& predicted, const Tensor& actual) {
  RemovalErrors errors;
  for (int64_t k = 0; k < actual.size(0); ++k) {
    const double mse = (predicted[k] - actual[k]).square().mean().item<double>();
    const double variance = actual[k].var(/*unbiased=*/false).item<double>();
    errors.mse.push_back(mse);
    errors.r_squared.push_back(variance > 0 ? 1 - mse / variance
                                            : std::numeric_limits<double>::quiet_NaN());
  }
  return errors;
}

}  // namespace

Surrogate additive(const Tensor& scores) {
  return [scores](const Tensor& kept) {
    return -at::mv(kept.logical_not().to(torch::kFloat64), scores);
  };
}

std::map<std::string, RemovalErrors> removal_errors(const Game& game, int64_t n_features,
                                                    std::map<std::string, Surrogate> surrogates,
                                                    const RemovalConfig& config) {
  if (std::min({config.largest, config.masks, config.fitted_rows, config.fitted_largest}) < 1)
    throw std::invalid_argument("removal: sizes and numbers of sets must be at least 1");
  statistics::Engine engine(config.seed);
  const Tensor kept = removals(n_features, config, engine);
  const Tensor all = at::ones({1, n_features}, torch::kBool);
  const Tensor values = game(at::cat({all, kept}));
  const Tensor changes = (values.narrow(0, 1, kept.size(0)) - values[0]).view({-1, config.masks});

  std::map<std::string, Surrogate> baselines;
  baselines["zero"] = additive(at::zeros({n_features}, torch::kFloat64));
  baselines["ols"] = least_squares_surrogate(game, n_features, config, engine);
  for (const auto& [name, baseline] : baselines)
    if (!surrogates.emplace(name, baseline).second)
      throw std::invalid_argument(fmt::format("removal: '{}' is the name of a baseline", name));

  std::map<std::string, RemovalErrors> errors;
  for (const auto& [name, surrogate] : surrogates)
    errors[name] = errors_of(surrogate(kept).view_as(changes), changes);
  return errors;
}

}  // namespace assay::interp::attribution
