#include "interp/attribution/lime.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/attribution/coalitions.h"
#include "interp/attribution/game_presets.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// The input, then sets drawn near it.
Tensor neighbours(int64_t n, const LimeConfig& config) {
  statistics::Engine engine(config.seed);
  std::vector<int64_t> sizes = {n};
  for (int64_t i = 1; i < config.samples; ++i)
    sizes.push_back(n - 1 - statistics::draw_below(engine, std::max<int64_t>(1, n - 1)));
  return random_coalitions(engine, sizes, n);
}

/// A set of k of n features is at cosine √(k/n) from the input.
Tensor kernel(const Tensor& kept, double width) {
  const Tensor cosine = kept.mean(1, false, torch::kFloat64).sqrt();
  return (-(100 * (1 - cosine)).square() / (2 * width * width)).exp();
}

Explanation explain_by_lime(const Problem& problem, const std::string& preset) {
  const auto [game, coalitions] = game_of(problem, preset);
  const LimeConfig config{.samples = coalitions, .seed = problem.seed};
  const LinearFit fit = lime(game, problem.input.size(), config);
  return {.scores = fit.coefficients,
          .diagnostics = {{"samples", config.samples},
                          {"kernel_width", config.kernel_width},
                          {"penalty", config.penalty},
                          {"intercept", fit.intercept},
                          {"r_squared", fit.r_squared}}};
}

}  // namespace

LinearFit lime(const Game& game, int64_t n_features, const LimeConfig& config) {
  if (config.samples < 2)
    throw std::invalid_argument(
        fmt::format("LIME: expected at least 2 samples, got {}", config.samples));
  const Tensor kept = neighbours(n_features, config);
  return weighted_ridge(kept.to(torch::kFloat64), game(kept), kernel(kept, config.kernel_width),
                        config.penalty);
}

Method lime_method() {
  return {.name = "lime",
          .help = "ridge regression on neighbours of the input",
          .presets = game_presets(),
          .explain = explain_by_lime};
}

}  // namespace assay::interp::attribution
