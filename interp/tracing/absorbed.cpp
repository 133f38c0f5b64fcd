#include "interp/tracing/absorbed.h"

#include <torch/types.h>

#include <optional>

#include "interp/network/arithmetic.h"
#include "interp/tracing/run.h"
#include "interp/tracing/shortcuts.h"

namespace assay::interp::tracing {
namespace {

using at::Tensor;

// x_h W_h for every head h, each one product for the whole batch (broadcasting W over the batch
// would make a tiny product per input). x: [batch, head, pos, m], W: [head, m, n] -> [batch, head,
// pos, n].
Tensor per_head(const Tensor& x, const Tensor& W) {
  const Tensor rows = x.transpose(0, 1).flatten(1, 2);  // [head, batch · pos, m]
  return at::bmm(rows, W).view({x.size(1), x.size(0), x.size(2), W.size(2)}).transpose(0, 1);
}

// The positions attended to: what their keys and values would be made of.
class Attended {
 public:
  Attended(const Run& run, const Step& step)
      : run_(run),
        x_(*projected_from(run.places(), run.place_of(step).reads[1].from)),
        keys_(keys_of(step)) {
    if (step.reads == Reads::ThroughMlp) through_ = through_mlp(run.places(), x_);
  }

  // u · x at every key. u: [batch, row, d_model] -> [batch, row, key]. The large factor stands on
  // the left so that its gradient comes out in its own memory layout.
  Tensor dot(const Tensor& u) const {
    if (!through_) return at::matmul(read(x_), u.transpose(1, 2)).transpose(1, 2);
    const Tensor through = affine(u, W_out().t(), {});  // [batch, row, d_mlp]
    const Tensor dot = at::matmul(read(through_->before), u.transpose(1, 2)) +
                       at::matmul(read(through_->neurons), through.transpose(1, 2));
    if (!b_out().defined()) return dot.transpose(1, 2);
    return dot.transpose(1, 2) + affine(u, b_out().unsqueeze(1), {});
  }

  // Σ_key pattern · x. pattern: [batch, row, key] -> [batch, row, d_model].
  Tensor mix(const Tensor& pattern) const {
    if (!through_) return at::matmul(pattern, read(x_));
    Tensor mix = at::matmul(pattern, read(through_->before)) +
                 affine(at::matmul(pattern, read(through_->neurons)), W_out(), {});
    if (b_out().defined()) mix = mix + pattern.sum(-1, true) * b_out();
    return mix;
  }

 private:
  Tensor read(int place) const { return run_.read(place, keys_); }
  Tensor W_out() const { return run_.weight(run_.places()[through_->projection], 0); }
  Tensor b_out() const { return run_.weight(run_.places()[through_->projection], 1); }

  const Run& run_;
  const int x_;
  const Positions keys_;
  std::optional<ThroughMlp> through_;
};

// The weight or bias of the keys' (or values') heads, repeated where several queries' heads share
// one. W: [kv head, ...] -> [head, ...]
Tensor for_each_query_head(const Tensor& W, int64_t heads) {
  if (!W.defined() || W.size(0) == heads) return W;
  return W.repeat_interleave(heads / W.size(0), 0);
}

}  // namespace

Tensor absorbed_scores(const Run& run, const Step& step, const Tensor& q, double scale) {
  const Place& keys = run.places()[run.place_of(step).reads[1].from];
  const Tensor W_K = for_each_query_head(run.weight(keys, 0), q.size(1));
  const Tensor b_K = for_each_query_head(run.weight(keys, 1), q.size(1));
  const Tensor u = per_head(q * scale, W_K.transpose(1, 2));  // [batch, head, pos, d_model]
  Tensor dot = Attended(run, step).dot(u.flatten(1, 2));
  if (b_K.defined()) dot = dot + at::matmul(q * scale, b_K.unsqueeze(-1)).flatten(1, 2);
  return dot.reshape({dot.size(0), q.size(1), q.size(2), -1});
}

Tensor absorbed_mix(const Run& run, const Step& step, const Tensor& pattern) {
  const Place& values = run.places()[run.place_of(step).reads[1].from];
  const Tensor W_V = for_each_query_head(run.weight(values, 0), pattern.size(1));
  const Tensor b_V = for_each_query_head(run.weight(values, 1), pattern.size(1));
  const Tensor mix = Attended(run, step)
                         .mix(pattern.flatten(1, 2))
                         .view({-1, pattern.size(1), pattern.size(2), W_V.size(1)});
  const Tensor z = per_head(mix, W_V).transpose(1, 2);
  if (!b_V.defined()) return z;
  return z + pattern.sum(-1).transpose(1, 2).unsqueeze(-1) * b_V;
}

}  // namespace assay::interp::tracing
