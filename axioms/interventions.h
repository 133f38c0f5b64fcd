#pragma once
// Runs of the network that show whether a node matters to it: other inputs' values written at its
// sites, its own values compared with those of other inputs, everything after it silenced.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "axioms/experiment.h"
#include "axioms/vacuity.h"

namespace assay::axioms {

/// How often the equality of a step calls values equal that differ, among inputs that the network
/// decides alike.
struct EqualityStrength {
  int64_t differing = 0;     ///< pairs of inputs whose values differ
  int64_t called_equal = 0;  ///< of these
};

struct Interventions {
  std::vector<Grip> grips;                   ///< of each step
  std::vector<EqualityStrength> equalities;  ///< of each step
};

/// Each input is paired with another one of its batch. Values differ if an element does: numbers by
/// more than a tenth of that element's standard deviation.
Interventions intervene(const Experiment& experiment, const at::Tensor& tokens);

/// Outputs of attention and MLPs that are still to be computed from a step's sites.
std::vector<interp::Site> later_components(const circuits::Step& step,
                                           const interp::TransformerConfig& config);

/// Share of decisions that stay as they are with `components` held at their means.
double kept_decisions(const Experiment& experiment, const at::Tensor& tokens,
                      const std::vector<interp::Site>& components);

}  // namespace assay::axioms
