#pragma once
// Interpretations of maximum-of-four networks.
//   attend        the true one, "attend to the largest and copy it":
//     numbers     the residual stream before attention holds the number at every position
//     where       the last position attends to those that hold the largest, and to these alike
//     answer      the number that stands there
//   first-three   the same, but `where` are the largest of the first three (plausible and false)
//   copied        only what comes out: the stream after attention holds the largest number at the
//                 last position (true, and the answer by another name)

#include <string>
#include <vector>

#include "tasks/registry.h"

namespace assay::tasks::max_of_four {

std::vector<std::string> variants();  ///< `attend`, `first-three`, `copied`

/// Fits the interpretation to a model, and looks for evidence in its attention and its weights.
/// @throws std::invalid_argument for an unknown variant, a model that is not one block of a single
///   head without MLP, or if some value never occurs among the deriving inputs.
Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config);

}  // namespace assay::tasks::max_of_four
