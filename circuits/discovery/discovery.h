#pragma once
// How much each edge matters: ways to score them.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "circuits/components/patching.h"

namespace assay::circuits {

enum class Method {
  Exact,      ///< cut each edge on its own; the reference for the others
  Eap,        ///< edge attribution patching (Syed et al. 2023): first order in what the reader sees
  EapIg,      ///< the same, gradients averaged on the way from ablated to clean input (Hanna et al.
              ///< 2024), at the points of their formula: IgPoints::Right
  EapIgLeft,  ///< at the points of their repository since April 2025: IgPoints::Left
  Acdc,  ///< cut edges for good, from the output backwards, where that costs less than a threshold
};
std::string to_string(Method method);  ///< `exact`, `eap`, `eap-ig`, `eap-ig-left`, `acdc`
/// @throws std::invalid_argument listing the names.
Method parse_method(const std::string& name);

struct DiscoveryConfig {
  Method method = Method::EapIg;
  int64_t steps = 5;  ///< EapIg, EapIgLeft: points on the way from ablated to clean input
  double threshold =
      0.01;  ///< Acdc (τ): an edge is cut if the metric changes by less, in its units
};

/// Per edge of the graph, float64 [rows, columns]. A score says by how much the metric falls, on
/// average over the inputs, when the edge is cut (to first order for the gradient methods):
/// positive edges help. This is Syed et al.'s score with minus the metric as the loss.
struct EdgeScores {
  at::Tensor mean;
  at::Tensor standard_error;  ///< of the mean over inputs; NaN: Counterfactuals::has_spread()
  at::Tensor kept;  ///< bool; the circuit that the method itself decides on (Acdc), else undefined
  int64_t inputs = 0;
};

using interp::Progress;

/// @throws std::invalid_argument as validate(experiment), for steps < 1 or threshold < 0, and if
/// the
///   ablation changes nothing at all: then no edge can have an effect and scores would mean
///   nothing.
EdgeScores score_edges(const Experiment& experiment, const DiscoveryConfig& config,
                       const Progress& on_progress = {});

/// The scores of every input, of which EdgeScores::mean is the mean: what a bootstrap resamples.
/// @return float32 [n, rows, columns].
/// @throws std::invalid_argument as score_edges(), for Acdc, whose scores are not means over
/// inputs,
///   and if they do not fit into 4 GiB.
at::Tensor per_input_effects(const Experiment& experiment, const DiscoveryConfig& config,
                             const Progress& on_progress = {});

// --- the methods on one batch, float [batch, rows, columns]

/// (output − ablation value) · gradient of the metric with respect to what the reader sees.
at::Tensor eap_effects(const Experiment& experiment, const PatchBatch& batch);

/// Points of the sum that stands for the integral, in steps of 1/steps from the ablated input (0)
/// to the clean one (1).
enum class IgPoints {
  Right,  ///< 1 … steps: the clean input is among them. The formula of Hanna et al. 2024
  Left,   ///< 0 … steps - 1: the ablated input is. Their repository since April 2025
};
/// Inputs on the way are embeddings: ablated + k/steps (clean − ablated).
at::Tensor eap_ig_effects(const Experiment& experiment, const PatchBatch& batch, int64_t steps,
                          IgPoints points = IgPoints::Right);

}  // namespace assay::circuits
