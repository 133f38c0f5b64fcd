#pragma once
// Interpretations of maximum-of-four networks.
//   copy          the true one:
//     numbers     the embeddings hold the number at every position
//     copied      the stream after attention holds the largest of them at the last position; read
//                 as the nearest of the mean streams of all numbers, and written as that mean
//     answer      the number that was copied
//   first-three   the same, but what is copied is the largest of the first three (plausible and
//                 false)
//   attend        how it is copied: numbers, and
//     where       the last position attends to those that hold the largest: to nothing else by
//                 half as much as to what it attends to most; written as even attention
//     answer      the number that stands there

#include <string>
#include <vector>

#include "tasks/registry.h"

namespace assay::tasks::max_of_four {

std::vector<std::string> variants();  ///< `copy`, `attend`, `first-three`

/// Fits the interpretation to a model, and looks for evidence in its attention and its weights.
/// @throws std::invalid_argument for an unknown variant, a model that is not one block of a single
///   head without MLP, or if some value never occurs among the deriving inputs.
Derivation derive(const Task& task, const interp::Network& network, const DeriveConfig& config);

}  // namespace assay::tasks::max_of_four
