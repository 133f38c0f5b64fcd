#pragma once
// Shapley values of any number of features, from random orders of them.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/attribution/game.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

struct ShapleySample {
  at::Tensor values;           ///< float64 [features]; they sum to v(all) - v(none) exactly
  at::Tensor standard_errors;  ///< float64 [features]
};

/// What each feature adds when it comes, averaged over `pairs` random orders and their reverses
/// (antithetic: who came early comes late; Mitchell et al. 2022). Pairs are independent, so their
/// spread gives the standard errors. Asks for at most pairs · 2 (n - 1) + 2 sets.
/// @throws std::invalid_argument unless pairs >= 2.
ShapleySample sampled_shapley(const Game& game, int64_t n_features, int64_t pairs, uint64_t seed);

/// `sampled-shapley`, by deletion or replacement, with as many pairs as the budget of rows pays
/// for, at least two. The standard errors of `replacement` speak of the orders, not of the draws,
/// which all sets share.
Method sampled_shapley_method();

}  // namespace assay::interp::attribution
