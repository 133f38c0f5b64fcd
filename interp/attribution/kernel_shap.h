#pragma once
// KernelSHAP: the linear game that fits the game best under a kernel for which its coefficients are
// the Shapley values.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/attribution/game.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

struct KernelShap {
  at::Tensor values;       ///< float64 [features]; they sum to v(all) - v(none) exactly
  int64_t coalitions = 0;  ///< asked for, none and all included
  bool exact = false;      ///< every set was asked for: these are the Shapley values
};

/// Minimises Σ_S w(|S|) (v(S) - v(none) - Σ_{i in S} φ_i)² with Σ φ_i = v(all) - v(none) and
/// w(s) = (n-1)/(C(n, s) s (n-s)) (Lundberg and Lee 2017, theorem 2). Over all sets where they fit
/// the budget, else over sets drawn with probability proportional to w, each with its complement
/// (Covert and Lee 2021).
/// @param budget  of coalitions. @throws std::invalid_argument where it is too small for that many
///   features.
KernelShap kernel_shap(const Game& game, int64_t n_features, int64_t budget, uint64_t seed);

/// `kernel-shap`, by deletion or replacement.
Method kernel_shap_method();

}  // namespace assay::interp::attribution
