#pragma once
// Automatic circuit discovery (Conmy et al. 2023): from the output backwards, cut every edge that
// can be cut at little cost, and go on without it.

#include "circuits/discovery/discovery.h"

namespace assay::circuits {

/// Readers are visited from the logits to the input, the in-edges of each from the latest writer to
/// the earliest (position by position). An edge stays cut if that lowers or raises the mean metric
/// of the circuit found so far by less than `threshold` (τ).
/// @return the change that each edge's cut made when it was tried, and the circuit that is left.
/// @throws std::invalid_argument if the activations of all inputs do not fit into 4 GiB.
EdgeScores acdc(const Experiment& experiment, const Ablator& ablator, double threshold,
                const Progress& on_progress);

}  // namespace assay::circuits
