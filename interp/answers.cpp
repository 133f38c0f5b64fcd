#include "interp/answers.h"

#include <torch/types.h>

#include "interp/trace.h"

namespace assay::interp {
namespace {

using at::Tensor;

std::vector<Tensor> values_at(const Transformer& model, const Tensor& tokens,
                              const std::vector<int64_t>& positions,
                              const std::vector<Place>& places) {
  TraceRequest request;
  for (const Place& place : places)
    request.record.push_back({.place = place, .positions = positions});
  return trace(model, tokens, request);
}

bool by_position(const LabelledBatch& batch) {
  return batch.labels.defined() && batch.labels.dim() == 2;
}

/// Of [batch, pos, …]: what stands at the labelled positions.
Tensor at_labels(const LabelledBatch& batch, const Tensor& values) {
  const Tensor labelled = batch.labels.flatten().ne(kUnlabelled).nonzero().squeeze(1);
  return values.flatten(0, 1).index_select(0, labelled);
}

}  // namespace

std::vector<Tensor> values_at_answers(const Transformer& model, const LabelledBatch& batch,
                                      int64_t readout, const std::vector<Place>& places) {
  if (by_position(batch)) {
    std::vector<Tensor> values = values_at(model, batch.tokens, {}, places);
    for (Tensor& value : values) value = at_labels(batch, value);
    return values;
  }
  if (!batch.readouts.defined()) {
    std::vector<Tensor> values = values_at(model, batch.tokens, {readout}, places);
    for (Tensor& value : values) value = value.squeeze(1);
    return values;
  }
  const int64_t longest = batch.readouts.max().item<int64_t>() + 1;
  std::vector<Tensor> values = values_at(model, batch.tokens.narrow(1, 0, longest), {}, places);
  for (Tensor& value : values) {
    const Tensor index = batch.readouts.view({-1, 1, 1}).expand({-1, 1, value.size(2)});
    value = value.gather(1, index).squeeze(1);
  }
  return values;
}

Tensor answer_logits(const Transformer& model, const LabelledBatch& batch, int64_t readout) {
  return values_at_answers(model, batch, readout, {{Hook::Logits, 0}})[0];
}

Tensor answer_labels(const LabelledBatch& batch) {
  return by_position(batch) ? at_labels(batch, batch.labels) : batch.labels;
}

}  // namespace assay::interp
