#pragma once
// How much each edge matters: four ways to score them.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "circuits/patching.h"

namespace assay::circuits {

enum class Method {
  Exact,  ///< cut each edge on its own; the reference for the others
  Eap,    ///< edge attribution patching (Syed et al. 2023): first order in what the reader sees
  EapIg,  ///< the same, gradients averaged on the way from ablated to clean input (Hanna et al.
          ///< 2024)
  Acdc,   ///< cut edges for good, from the output backwards, where that costs less than a threshold
};
std::string to_string(Method method);  ///< `exact`, `eap`, `eap-ig`, `acdc`
/// @throws std::invalid_argument listing the names.
Method parse_method(const std::string& name);

struct DiscoveryConfig {
  Method method = Method::EapIg;
  int64_t steps = 5;  ///< EapIg: points on the way from ablated to clean input
  double threshold =
      0.01;  ///< Acdc (τ): an edge is cut if the metric changes by less, in its units
};

/// Per edge of the graph, float64 [rows, columns]. A score says by how much the metric falls, on
/// average over the inputs, when the edge is cut (to first order for the gradient methods):
/// positive edges help. This is Syed et al.'s score with minus the metric as the loss.
struct EdgeScores {
  at::Tensor mean;
  at::Tensor standard_error;  ///< of the mean over inputs
  at::Tensor kept;  ///< bool; the circuit that the method itself decides on (Acdc), else undefined
  int64_t inputs = 0;
};

using Progress = std::function<void(int64_t done, int64_t of)>;

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
/// Inputs on the way are embeddings: ablated + k/steps (clean − ablated), k = 1 … steps.
at::Tensor eap_ig_effects(const Experiment& experiment, const PatchBatch& batch, int64_t steps);

}  // namespace assay::circuits
