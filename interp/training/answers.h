#pragma once
// What the network computes where inputs are answered, be that at one position, at the end of each
// or wherever there is a label.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "interp/training/labelled_inputs.h"

namespace assay::interp {

class Transformer;

/// Values of some places at the labelled positions or, where there is a label per input, at each
/// input's own readout or, where the batch names none, at `readout`.
/// @param places  names of such that have one vector per position.
/// @return one per place: [answers, width of the place].
/// @throws std::invalid_argument as trace() does.
std::vector<at::Tensor> values_at_answers(const Transformer& model, const LabelledBatch& batch,
                                          int64_t readout, const std::vector<std::string>& places);

/// Logits there: [answers, vocab]. @throws std::runtime_error where one is not finite.
at::Tensor answer_logits(const Transformer& model, const LabelledBatch& batch, int64_t readout);
/// The labels of these answers: int64 [answers].
at::Tensor answer_labels(const LabelledBatch& batch);

}  // namespace assay::interp
