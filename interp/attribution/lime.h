#pragma once
// LIME: a linear model of the target in the neighbourhood of the input.

#include <cstdint>

#include "interp/attribution/game.h"
#include "interp/attribution/linear_fit.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// The settings of LIME for text in the authors' package (lime 0.2).
struct LimeConfig {
  int64_t samples = 1000;  ///< the input itself included
  double kernel_width = 25;  ///< σ in exp(-d²/2σ²), d = 100 times the cosine distance to the input
  double penalty = 1;        ///< of the ridge regression
  uint64_t seed = 0;
  bool operator==(const LimeConfig&) const = default;
};

/// Ridge regression of the game on which features are kept (Ribeiro et al. 2016). Each sample takes
/// away a uniform number of features, at least one, and keeps at least one (of two or more): the
/// package takes away all of them too, at a weight below 0.001. The coefficients are the scores.
/// @throws std::invalid_argument unless samples >= 2.
LinearFit lime(const Game& game, int64_t n_features, const LimeConfig& config);

/// `lime`, by deletion or replacement, on the target as it is (the package explains probabilities).
Method lime_method();

}  // namespace assay::interp::attribution
