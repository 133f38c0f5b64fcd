#pragma once
// Do scores predict by how much the target changes when several features go at once?

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "interp/attribution/game.h"

namespace assay::interp::attribution {

/// Predicts v(kept) - v(all): bool [rows, features] -> float64 [rows].
using Surrogate = std::function<at::Tensor(const at::Tensor& kept)>;

/// The change is minus the sum of the scores of what is taken away.
Surrogate additive(const at::Tensor& scores);

struct RemovalConfig {
  int64_t largest = 10;        ///< features removed at once: 1 … largest (or all there are)
  int64_t masks = 100;         ///< random sets of each size
  int64_t fitted_rows = 1000;  ///< for the baseline `ols`
  int64_t fitted_largest = 5;  ///< features removed at once in these, from 0
  uint64_t seed = 0;
  bool operator==(const RemovalConfig&) const = default;
};

struct RemovalErrors {
  std::vector<double> mse;        ///< by the number of features removed, from 1
  std::vector<double> r_squared;  ///< 1 - mse / variance of the true changes; NaN where they agree
};

/// Squared errors of predicted changes over random removals, the same for every surrogate (as
/// for SLALOM, arXiv 2405.13536). Two baselines stand beside them: `zero`, which predicts no
/// change, and `ols`, ordinary least squares with intercept on random removals, which any surrogate
/// should beat.
/// @throws std::invalid_argument for a surrogate that has a baseline's name, and unless the numbers
///   of the configuration are positive.
std::map<std::string, RemovalErrors> removal_errors(const Game& game, int64_t n_features,
                                                    std::map<std::string, Surrogate> surrogates,
                                                    const RemovalConfig& config = {});

}  // namespace assay::interp::attribution
