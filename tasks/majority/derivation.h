#pragma once
// Interpretations of majority networks, each of two nodes:
//   count    what the residual stream after attention holds at the last position; read by a linear
//            map, written as an affine function of the value
//   answer   which symbol is in the majority, from that value
// Variants name the value:
//   difference   how many ones more than zeros; the answer is its sign (the true one)
//   ones         how many ones; the answer is `1` above the threshold that is right most often
//                (plausible and false)
//   sign         whether there are more ones; the answer is this (true, and says hardly anything)

#include <string>
#include <vector>

#include "tasks/majority/strings.h"
#include "tasks/registry.h"

namespace assay::tasks::majority {

std::vector<std::string> variants();  ///< `difference`, `ones`, `sign`

/// Fits the interpretation to a model, and looks for evidence in its attention.
/// @throws std::invalid_argument for an unknown variant, a model that has not one block with one
///   head, or fewer than one deriving input.
Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config);

}  // namespace assay::tasks::majority
