#pragma once
// Shapley values, exactly: the value of every set of features is asked for.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/attribution/game.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

inline constexpr int64_t kMaxExactFeatures = 15;  ///< 32,768 sets

/// φ_i = Σ_{S without i} |S|! (n-|S|-1)!/n! (v(S with i) - v(S)): what i adds, averaged over all
/// orders in which the features may come (Shapley 1953). float64 [features].
/// @throws std::invalid_argument for more than kMaxExactFeatures features.
at::Tensor shapley_values(const Game& game, int64_t n_features);

/// `shapley`, by deletion or replacement; the budget of rows does not bind it.
Method shapley_method();

}  // namespace assay::interp::attribution
