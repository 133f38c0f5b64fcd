#pragma once
// What a masked language model is trained on: inputs with tokens hidden, labelled with what was
// there.

#include <cstdint>

#include "interp/training/labelled_inputs.h"

namespace assay::interp::attribution {

/// The inputs' tokens, each hidden behind `mask_token` with probability `share` and labelled with
/// itself there, unlabelled elsewhere. Their own labels are dropped. What is hidden of an input
/// depends on (seed, its index) alone.
/// @throws std::invalid_argument unless 0 < share <= 1.
LabelledInputs masked_inputs(const LabelledInputs& inputs, int64_t mask_token, double share,
                             uint64_t seed);

}  // namespace assay::interp::attribution
