#include "interp/tracing/absorbed.h"

#include <torch/types.h>

#include "interp/layers.h"
#include "interp/tracing/attention.h"
#include "interp/tracing/run.h"

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
        layer_(step.place.layer),
        through_mlp_(step.reads == Reads::ThroughMlp),
        keys_(positions_up_to(step.n_keys)) {}

  // u · x at every key. u: [batch, row, d_model] -> [batch, row, key]. The large factor stands on
  // the left so that its gradient comes out in its own memory layout.
  Tensor dot(const Tensor& u) const {
    if (!through_mlp_) return at::matmul(x(), u.transpose(1, 2)).transpose(1, 2);
    const Tensor through = affine(u, mlp().W_out.t(), {});  // [batch, row, d_mlp]
    const Tensor dot = at::matmul(before_mlp(), u.transpose(1, 2)) +
                       at::matmul(neurons(), through.transpose(1, 2));
    if (!mlp().b_out.defined()) return dot.transpose(1, 2);
    return dot.transpose(1, 2) + affine(u, mlp().b_out.unsqueeze(1), {});
  }

  // Σ_key pattern · x. pattern: [batch, row, key] -> [batch, row, d_model].
  Tensor mix(const Tensor& pattern) const {
    if (!through_mlp_) return at::matmul(pattern, x());
    Tensor mix = at::matmul(pattern, before_mlp()) +
                 affine(at::matmul(pattern, neurons()), mlp().W_out, {});
    if (mlp().b_out.defined()) mix = mix + pattern.sum(-1, true) * mlp().b_out;
    return mix;
  }

 private:
  Tensor x() const { return run_.read(attention_input(run_.config(), layer_), keys_); }
  Tensor before_mlp() const { return run_.read({Hook::ResidMid, layer_ - 1}, keys_); }
  Tensor neurons() const { return run_.read({Hook::MlpPost, layer_ - 1}, keys_); }
  const Mlp& mlp() const { return *run_.model().blocks[layer_ - 1]->mlp; }

  const Run& run_;
  const int64_t layer_;
  const bool through_mlp_;
  const Positions keys_;
};

}  // namespace

Tensor absorbed_scores(const Run& run, const Step& step, const Tensor& q, double scale) {
  const Attention& attn = *run.model().blocks[step.place.layer]->attn;
  const Tensor u = per_head(q * scale, attn.W_K.transpose(1, 2));  // [batch, head, pos, d_model]
  Tensor dot = Attended(run, step).dot(u.flatten(1, 2));
  if (attn.b_K.defined()) dot = dot + at::matmul(q * scale, attn.b_K.unsqueeze(-1)).flatten(1, 2);
  return dot.reshape({dot.size(0), q.size(1), q.size(2), -1});
}

Tensor absorbed_z(const Run& run, const Step& step, const Tensor& pattern) {
  const Attention& attn = *run.model().blocks[step.place.layer]->attn;
  const Tensor mix = Attended(run, step)
                         .mix(pattern.flatten(1, 2))
                         .view({-1, pattern.size(1), pattern.size(2), run.config().d_model});
  const Tensor z = per_head(mix, attn.W_V).transpose(1, 2);
  if (!attn.b_V.defined()) return z;
  return z + pattern.sum(-1).transpose(1, 2).unsqueeze(-1) * attn.b_V;
}

}  // namespace assay::interp::tracing
