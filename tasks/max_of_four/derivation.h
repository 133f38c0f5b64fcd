#pragma once
// Interpretations of maximum-of-four networks, each of two nodes:
//   copied   what the residual stream after attention holds at the last position; read as the
//            nearest of the mean streams of its values, and written as that mean
//   answer   the number that was copied
// Variants name the value:
//   largest            the largest of the four numbers (the true one: the head attends to the
//                      largest and copies it)
//   largest-and-last   that and the number at the last position, which the stream holds as well,
//                      because nothing has removed it (true, and finer)
//   first-three        the largest of the first three numbers (plausible and false)

#include <string>
#include <vector>

#include "tasks/registry.h"

namespace assay::tasks::max_of_four {

std::vector<std::string> variants();  ///< `largest`, `largest-and-last`, `first-three`

/// Fits the interpretation to a model, and looks for evidence in its attention and its weights.
/// @throws std::invalid_argument for an unknown variant, a model that is not one block of a single
///   head without MLP, or if some value never occurs among the deriving inputs.
Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config);

}  // namespace assay::tasks::max_of_four
