#pragma once
// The three-node interpretation of a network trained on modular addition (arXiv 2301.05217, its
// axiomatic treatment in arXiv 2407.13594):
//   fourier  the embedding of a number holds its waves, cos w_k n and sin w_k n, for a few key k
//   sum      the hidden neurons at the `=` hold the waves of the sum, cos w_k(a + b), sin w_k(a +
//   b) answer   the c with the largest Σ_k cos w_k(a + b - c)
// Key frequencies are found from the weights; α and γ of the first two nodes are linear, fitted.

#include <string>
#include <vector>

#include "tasks/modular_addition/pairs.h"
#include "tasks/registry.h"

namespace assay::tasks::modular_addition {

/// Which values of node `sum` count as equal: `downstream` (both lead to the same decision),
/// `rounded` (to one decimal, as published), `exact`. With `exact`, node `fourier` is not rounded
/// either.
std::vector<std::string> variants();

/// `decimals` that the waves of a number are rounded to (3), `sum_decimals` of the variant
/// `rounded` (1).
std::vector<Option> derivation_options();

/// Fits the interpretation to a model.
/// @throws std::invalid_argument for an unknown variant, a model that has not one block, or more
///   deriving inputs than the part has.
Derivation derive(const Task& task, const Pairs& pairs, const interp::Network& network,
                  const DeriveConfig& config);

}  // namespace assay::tasks::modular_addition
