#include "interp/tracing/attention.h"

#include <torch/types.h>

#include <cmath>
#include <limits>

#include "interp/layers.h"
#include "interp/tracing/absorbed.h"
#include "interp/tracing/run.h"
#include "interp/tracing/selection.h"

namespace assay::interp::tracing {
namespace {

using at::Tensor;

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

Positions keys_of(const Step& step) {
  return positions_up_to(step.n_keys);
}

// `map` [batch, head, pos, key] of these queries, with `unseen` at the keys after each, which they
// do not see in a causal network.
Tensor masked(const Run& run, const Tensor& map, const Positions& queries, double unseen) {
  if (!run.config().causal) return map;
  const Tensor query = as_index(queries, map).unsqueeze(1);
  return map.masked_fill(at::arange(map.size(-1), query.options()) > query, unseen);
}

// --- what attention reads

// Those that the attention of the block reads, unless somebody overwrites what it reads.
const DistinctInputs* distinct_inputs(const Run& run, int64_t layer) {
  const bool as_embedded =
      layer == 0 && !run.is_overwritten({Hook::ResidPre, 0}) && !run.is_overwritten({Hook::Ln1, 0});
  return as_embedded ? run.distinct_inputs() : nullptr;
}

Tensor normalised_embeddings(const Run& run, const DistinctInputs& inputs) {
  return normalised(inputs.embeddings(), run.model().blocks[0]->ln1, run.config());
}

// x W + b with x the input of the block's attention at `positions`.
Tensor project(const Run& run, int64_t layer, const Positions& positions, const Tensor& W,
               const Tensor& b) {
  if (const DistinctInputs* inputs = distinct_inputs(run, layer))
    return inputs->spread(affine(normalised_embeddings(run, *inputs), W, b), positions);
  return affine(run.read(attention_input(run.config(), layer), positions), W, b);
}

// Patterns that queries read: an overwritten one may speak of later keys, which stay unseen.
Tensor read_pattern(const Run& run, const Step& step) {
  const Place place{Hook::Pattern, step.place.layer};
  const Tensor pattern = run.read(place, step.computed).narrow(-1, 0, step.n_keys);
  return run.is_overwritten(place) ? masked(run, pattern, step.computed, 0) : pattern;
}

// --- the only head of block 1, folded: no query, key, value or z per input

Tensor folded_scores(const Run& run, const Step& step) {
  const Attention& attn = *run.model().blocks[0]->attn;
  const Positions& queries = step.computed;
  const Positions keys = keys_of(step);
  const auto project_with = [](const Tensor& x, const Tensor& W, const Tensor& b) {
    return affine(x, W[0], b.defined() ? b[0] : b);
  };
  const DistinctInputs* inputs = distinct_inputs(run, 0);
  if (!inputs) {
    const Place x = attention_input(run.config(), 0);
    const Tensor q = project_with(run.read(x, queries), attn.W_Q, attn.b_Q);
    const Tensor k = project_with(run.read(x, keys), attn.W_K, attn.b_K);
    return at::matmul(q, k.transpose(1, 2)).unsqueeze(1);
  }
  const Tensor rows = normalised_embeddings(run, *inputs);
  const Tensor q = project_with(rows, attn.W_Q, attn.b_Q);
  const Tensor k = project_with(rows, attn.W_K, attn.b_K);
  const auto pairs = static_cast<int64_t>(queries.size() * keys.size());
  if (inputs->count() * inputs->count() > run.extent().batch * pairs)
    return at::matmul(inputs->spread(q, queries), inputs->spread(k, keys).transpose(1, 2))
        .unsqueeze(1);
  return inputs->spread_pairs(at::matmul(q, k.t()), queries, keys).unsqueeze(1);
}

Tensor folded_attn_out(const Run& run, const Step& step) {
  const Attention& attn = *run.model().blocks[0]->attn;
  const Tensor p = read_pattern(run, step).select(1, 0);
  const Tensor b_V = attn.b_V.defined() ? at::matmul(attn.b_V[0], attn.W_O[0]) : Tensor();
  const Tensor W_VO = at::matmul(attn.W_V[0], attn.W_O[0]);
  return at::matmul(p, project(run, 0, keys_of(step), W_VO, b_V));
}

}  // namespace

Place attention_input(const TransformerConfig& config, int64_t layer) {
  return dependencies({Hook::Q, layer}, config).front().from;
}

Tensor queries_keys_or_values(const Run& run, const Step& step) {
  const auto& [hook, layer] = step.place;
  const Attention& attn = *run.model().blocks[layer]->attn;
  const Tensor& W = hook == Hook::Q ? attn.W_Q : hook == Hook::K ? attn.W_K : attn.W_V;
  const Tensor& b = hook == Hook::Q ? attn.b_Q : hook == Hook::K ? attn.b_K : attn.b_V;
  const Tensor side_by_side = W.permute({1, 0, 2}).flatten(1);  // [d_model, head · d_head]
  const Tensor heads =
      project(run, layer, step.computed, side_by_side, b.defined() ? b.flatten() : b);
  return heads.view({heads.size(0), heads.size(1), W.size(0), W.size(2)});
}

Tensor scores(const Run& run, const Step& step) {
  const int64_t layer = step.place.layer;
  const double scale = 1 / std::sqrt(static_cast<double>(run.config().d_head[layer]));
  if (step.folded) return folded_scores(run, step) * scale;
  const Tensor q =
      run.read({Hook::Q, layer}, step.computed).transpose(1, 2);  // [batch, head, pos, d_head]
  if (step.reads != Reads::Formed) return absorbed_scores(run, step, q, scale);
  return at::matmul(q * scale, run.read({Hook::K, layer}, keys_of(step)).permute({0, 2, 3, 1}));
}

Tensor pattern(const Run& run, const Step& step) {
  Tensor scores =
      run.read({Hook::AttnScores, step.place.layer}, step.computed).narrow(-1, 0, step.n_keys);
  if (step.computed.size() > 1) scores = masked(run, scores, step.computed, kMinusInfinity);
  return at::softmax(scores, -1);
}

Tensor z(const Run& run, const Step& step) {
  const Tensor p = read_pattern(run, step);  // [batch, head, pos, key]
  if (step.reads != Reads::Formed) return absorbed_z(run, step, p);
  const Tensor v = run.read({Hook::V, step.place.layer}, keys_of(step));
  return at::matmul(p, v.transpose(1, 2)).transpose(1, 2);
}

Tensor attn_out(const Run& run, const Step& step) {
  const int64_t layer = step.place.layer;
  const Attention& attn = *run.model().blocks[layer]->attn;
  const Tensor out = step.folded ? folded_attn_out(run, step)
                                 : affine(run.read({Hook::Z, layer}, step.computed).flatten(2),
                                          attn.W_O.flatten(0, 1), {});
  return attn.b_O.defined() ? out + attn.b_O : out;
}

Tensor with_all_keys(const Run& run, const Step& step, const Tensor& map) {
  const double unseen = step.place.hook == Hook::Pattern ? 0 : kMinusInfinity;
  const int64_t missing = run.extent().n_pos - map.size(-1);
  return masked(run, at::constant_pad_nd(map, {0, missing}), step.computed, unseen);
}

}  // namespace assay::interp::tracing
