#pragma once
// The two answers that an interchange compares: what the program concludes when some of its values
// are those of another input, and what the network decides when activations are. One minus the rate
// at which they differ is interchange-intervention accuracy (Geiger et al. 2021, arXiv 2106.02997),
// both where it is measured (interchange.h) and where places are looked for by it (alignment.h).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "axioms/experiment.h"
#include "interp/network/network.h"

namespace assay::axioms {

/// Values that take the place of a base's own, by step.
using Exchanges = std::vector<std::pair<size_t, circuits::Value>>;

/// What the program answers on bases with some values exchanged, as the decision that the network
/// comes to if that answer is written as its output: int64 [batch]. A step that was exchanged keeps
/// its value, whatever its parents have become.
/// @param tokens  int64 [batch, pos] of the bases; `own` their values, one for each step.
at::Tensor exchanged_answer(const Experiment& experiment, const at::Tensor& tokens,
                            const std::vector<circuits::Value>& own, const Exchanges& exchanges);

/// What the network decides with these activations overwritten: int64 [batch].
at::Tensor decision_with(const Experiment& experiment, const at::Tensor& tokens,
                         std::vector<interp::Overwrite> overwrites);

/// Rows decided otherwise than expected: bool [batch]. A tie is no answer, and so never the one
/// that was expected.
at::Tensor missed(const at::Tensor& decision, const at::Tensor& expected);

}  // namespace assay::axioms
