#pragma once
// Runs of the network that show whether a node matters to it: other inputs' values written at its
// sites, its own values compared with those of other inputs, everything after it silenced.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "axioms/experiment.h"
#include "axioms/vacuity.h"

namespace assay::axioms {

/// How often the equality of a step calls values equal that differ.
struct EqualityStrength {
  int64_t differing = 0;  ///< pairs of inputs, decided alike, on which the network's values differ
  int64_t called_equal = 0;  ///< of these
  double explained = 0;      ///< share of the values' variance that the decision explains
  int64_t inputs = 0;
  int64_t hidden =
      0;  ///< inputs whose own value and the interpretation's differ and count as equal
};

/// How much of what γ writes for the network's values is told by the answer that the graph
/// concludes from them, beside how much of the values is: shares of their variance.
struct WrittenStates {
  double explained = 0, values_explained = 0;
};

struct Interventions {  // one of each for every step
  std::vector<Grip> grips;
  std::vector<EqualityStrength> equalities;
  std::vector<WrittenStates> written;
};

/// Each input is paired with another one of its batch. Values differ if an element does: numbers by
/// more than a tenth of that element's standard deviation.
Interventions intervene(const Experiment& experiment, const at::Tensor& tokens);

/// γ of a step as one row per input: [batch, …], all sites side by side.
at::Tensor written_states(const circuits::Step& step, const circuits::Value& value);

/// What components write (attention, MLPs) that have yet to act when a step's sites are complete.
std::vector<interp::Site> later_components(const circuits::Step& step,
                                           const interp::Places& places);

/// Share of decisions that stay as they are with `components` held at their means.
double kept_decisions(const Experiment& experiment, const at::Tensor& tokens,
                      const std::vector<interp::Site>& components);

}  // namespace assay::axioms
