#include "interp/training/answers.h"

#include <torch/types.h>

#include "interp/network/transformer.h"

namespace assay::interp {
namespace {

using at::Tensor;

/// @param positions  none: all. Places behind a pooling have one, whichever is asked for.
std::vector<Tensor> values_at(const Transformer& model, const Tensor& tokens,
                              const std::vector<int64_t>& positions,
                              const std::vector<std::string>& places) {
  TraceRequest request;
  for (const std::string& place : places) {
    const bool pooled = model.places()[model.places().at(place)].axes[0].second == 1;
    request.record.push_back(
        {.place = place, .positions = pooled ? std::vector<int64_t>{} : positions});
  }
  return model.trace(tokens, request);
}

bool by_position(const LabelledBatch& batch) {
  return batch.labels.defined() && batch.labels.dim() == 2;
}

/// Of [batch, pos, …]: what stands at the labelled positions.
Tensor at_labels(const LabelledBatch& batch, const Tensor& values) {
  const Tensor labelled = batch.labels.flatten().ne(kUnlabelled).nonzero().squeeze(1);
  return values.flatten(0, 1).index_select(0, labelled);
}

/// Of each answer the input that is answered: [answers, pos].
Tensor answered_tokens(const LabelledBatch& batch) {
  if (!by_position(batch)) return batch.tokens;
  return batch.tokens.index_select(0, batch.labels.ne(kUnlabelled).nonzero().select(1, 0));
}

/// One pass over rows as they are: what fills them up comes after what a decoder's answer sees.
std::vector<Tensor> values_at_ends(const Transformer& model, const LabelledBatch& batch,
                                   const std::vector<std::string>& places) {
  const int64_t longest = batch.readouts.max().item<int64_t>() + 1;
  std::vector<Tensor> values = values_at(model, batch.tokens.narrow(1, 0, longest), {}, places);
  for (Tensor& value : values) {
    const Tensor index = batch.readouts.view({-1, 1, 1}).expand({-1, 1, value.size(2)});
    value = value.gather(1, index).squeeze(1);
  }
  return values;
}

/// A pass for each length, for networks that see both ways or pool what they see.
std::vector<Tensor> values_by_length(const Transformer& model, const LabelledBatch& batch,
                                     const std::vector<std::string>& places) {
  const Tensor ends = std::get<0>(at::unique_dim(batch.readouts, 0)).cpu();
  std::vector<Tensor> rows;
  std::vector<std::vector<Tensor>> parts(places.size());
  for (int64_t i = 0; i < ends.size(0); ++i) {
    const auto end = ends[i].item<int64_t>();
    rows.push_back(batch.readouts.eq(end).nonzero().squeeze(1));
    const Tensor tokens = batch.tokens.index_select(0, rows.back()).narrow(1, 0, end + 1);
    const std::vector<Tensor> values = values_at(model, tokens, {end}, places);
    for (size_t p = 0; p < places.size(); ++p) parts[p].push_back(values[p].squeeze(1));
  }
  const Tensor order = at::cat(rows).argsort();
  std::vector<Tensor> values;
  for (const std::vector<Tensor>& part : parts)
    values.push_back(at::cat(part).index_select(0, order));
  return values;
}

}  // namespace

std::vector<Tensor> values_at_answers(const Transformer& model, const LabelledBatch& batch,
                                      int64_t readout, const std::vector<std::string>& places) {
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
  const TransformerConfig& config = model.config();
  return config.causal && config.pool == Pooling::None ? values_at_ends(model, batch, places)
                                                       : values_by_length(model, batch, places);
}

Tensor answer_logits(const Transformer& model, const LabelledBatch& batch, int64_t readout) {
  const Tensor logits = values_at_answers(model, batch, readout, {hook::logits()})[0];
  require_finite(logits, answered_tokens(batch), "logits");
  return logits;
}

Tensor answer_labels(const LabelledBatch& batch) {
  return by_position(batch) ? at_labels(batch, batch.labels) : batch.labels;
}

}  // namespace assay::interp
