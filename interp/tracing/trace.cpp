#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/network/arithmetic.h"
#include "interp/network/transformer.h"
#include "interp/tracing/attention.h"
#include "interp/tracing/overlay.h"
#include "interp/tracing/plans.h"
#include "interp/tracing/run.h"
#include "interp/tracing/selection.h"

// One forward pass for training and analysis: a plan says what is computed and where, and this file
// computes it, place by place.

namespace assay::interp {
namespace {

using at::Tensor;
using tracing::Run;

Tensor sum(const Run& run, const Step& step) {
  if (step.folded) {
    const tracing::DistinctInputs& inputs = *run.distinct_inputs();
    return inputs.spread(inputs.embeddings(), step.computed);
  }
  Tensor sum;
  for (const Read& read : run.place_of(step).reads) {
    const Tensor term = run.read(read.from, step.computed);
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

// Nobody else sees what the step reads, and nothing was given by the caller: its memory serves.
bool may_overwrite_input(const Run& run, const Step& step, const Tensor& input) {
  const int from = run.place_of(step).reads[0].from;
  return std::ranges::find(step.last_reads, from) != step.last_reads.end() &&
         run.places()[from].by == Primitive::Project && !run.is_overwritten(from) &&
         !input.requires_grad();
}

Tensor activate(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Tensor x = run.read(place.reads[0].from, step.computed);
  if (place.reads.size() == 2)
    return apply(place, run.weights(), {x, run.read(place.reads[1].from, step.computed)});
  const bool relu = std::get<ActivationForm>(place.form).activation == Activation::Relu;
  if (!relu || !may_overwrite_input(run, step, x)) return apply(place, run.weights(), x);
  return at::relu_(const_cast<Tensor&>(x));
}

Tensor project(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  if (place.axis(Axis::Head)) return projection_into_heads(run, step);
  const int from = place.reads[0].from;
  if (run.places()[from].axis(Axis::Head)) return projection_from_heads(run, step);
  return apply(place, run.weights(), run.read(from, step.computed));
}

Tensor pool(const Run& run, const Step& step) {
  const auto& [from, reach, window] = run.place_of(step).reads[0];
  const Positions pooled =
      reach == Reach::All ? positions_up_to(run.extent().n_pos) : step.computed;
  return interp::pool(run.read(from, pooled), std::get<PoolForm>(run.place_of(step).form).pooling);
}

// The value of the step's place at the positions that are computed.
Tensor compute(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  switch (place.by) {
    case Primitive::Opaque:
      break;
    case Primitive::Token:
      return at::embedding(run.weight(place, 0), tracing::select(run.tokens(), 1, step.computed));
    case Primitive::Position:
      return tracing::select(run.weight(place, 0), 0, step.computed).unsqueeze(0);
    case Primitive::Sum:
      return sum(run, step);
    case Primitive::Norm:
      return apply(place, run.weights(), run.read(place.reads[0].from, step.computed));
    case Primitive::Project:
      return project(run, step);
    case Primitive::Rotate:
      return rotation(run, step);
    case Primitive::Scores:
      return attention_scores(run, step);
    case Primitive::Softmax:
      return attention_pattern(run, step);
    case Primitive::Mix:
      return attention_mix(run, step);
    case Primitive::Activate:
      return activate(run, step);
    case Primitive::Pool:
      return pool(run, step);
  }
  throw std::logic_error("'" + place.name + "' is computed by nothing that is known");
}

Tensor value_of(const Run& run, const Step& step) {
  Tensor value = step.computed.empty() ? Tensor() : compute(run, step);
  if (value.defined() && step.seen && run.place_of(step).is_attention_map())
    value = with_all_keys(run, step, value);
  return overlay(run, step, value);
}

}  // namespace

std::vector<Tensor> Transformer::trace(const Tensor& tokens, const TraceRequest& request) const {
  const tracing::Extent extent = tracing::extent_of(places_, tokens, request);
  const auto plan = plans_->of(places_, request, extent.n_pos);
  tracing::check_values(places_, request, extent, weights_.front().scalar_type());
  Run run(*this, tokens, request, extent, *plan);
  for (const Step& step : plan->steps()) run.set(step, value_of(run, step));
  std::vector<Tensor> recorded;
  for (const Site& site : request.record) recorded.push_back(run.recorded(site));
  return recorded;
}

}  // namespace assay::interp
