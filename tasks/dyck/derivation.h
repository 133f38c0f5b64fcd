#pragma once
// Interpretations of Dyck networks, each of two nodes:
//   scan    the residual stream after block 0 holds, at every position, some facts about the prefix
//           that ends there; read by a linear map at each position, written as the mean
//           stream of each position and facts
//   answer  whether the string is balanced, from these facts
// Variants name the facts. `depth-token` is the true one; the others are plausible and false, each
// in a way that another axiom finds (docs/dyck.md).

#include <string>
#include <vector>

#include "tasks/registry.h"

namespace assay::tasks::dyck {

std::vector<std::string> variants();  ///< `depth-token`, `depth`, …

/// Fits the interpretation to a model.
/// @throws std::invalid_argument for an unknown variant, a model that has not two blocks, or fewer
///   than one deriving input.
Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config);

}  // namespace assay::tasks::dyck
