#include "interp/tracing/attention.h"

#include <torch/types.h>

#include "interp/network/arithmetic.h"
#include "interp/tracing/absorbed.h"
#include "interp/tracing/run.h"
#include "interp/tracing/selection.h"
#include "interp/tracing/shortcuts.h"

namespace assay::interp::tracing {
namespace {

using at::Tensor;

Positions keys_of(const Step& step) {
  return positions_up_to(step.n_keys);
}

// A map of the step's queries without the keys that a causal network does not let them see.
Tensor masked(const Run& run, const Step& step, const Tensor& map, double unseen) {
  if (!run.places().causal) return map;
  return without_later_keys(map, as_index(step.computed, map), unseen);
}

// The value of a place for each distinct input; undefined unless it is made of the embeddings
// alone and nobody overwrites it on the way.
Tensor distinct_rows(const Run& run, int index) {
  const DistinctInputs* inputs = run.distinct_inputs();
  if (!inputs || run.is_overwritten(index)) return {};
  if (index == inputs->sum()) return inputs->embeddings();
  const Place& place = run.places()[index];
  if (place.by != Primitive::Norm) return {};
  const Tensor rows = distinct_rows(run, place.reads[0].from);
  return rows.defined() ? apply(place, run.weights(), rows) : rows;
}

// x W + b at `positions`, with x the value of a place.
Tensor project(const Run& run, int x, const Positions& positions, const Tensor& W,
               const Tensor& b) {
  if (const Tensor rows = distinct_rows(run, x); rows.defined())
    return run.distinct_inputs()->spread(affine(rows, W, b), positions);
  return affine(run.read(x, positions), W, b);
}

// Patterns that queries read: an overwritten one may speak of later keys, which stay unseen.
Tensor read_pattern(const Run& run, const Step& step, int place) {
  const Tensor pattern = run.read(place, step.computed).narrow(-1, 0, step.n_keys);
  return run.is_overwritten(place) ? masked(run, step, pattern, kUnseenPattern) : pattern;
}

// --- a single head that reads embeddings, folded: no query, key, value or z per input

Tensor folded_scores(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Place &to_q = run.places()[place.reads[0].from], &to_k = run.places()[place.reads[1].from];
  const int x = to_q.reads[0].from;
  const Positions& queries = step.computed;
  const Positions keys = keys_of(step);
  const auto project_with = [&](const Tensor& rows, const Place& to) {
    const Tensor b = run.weight(to, 1);
    return affine(rows, run.weight(to, 0)[0], b.defined() ? b[0] : b);
  };
  const Tensor rows = distinct_rows(run, x);
  if (!rows.defined()) {
    const Tensor q = project_with(run.read(x, queries), to_q);
    const Tensor k = project_with(run.read(x, keys), to_k);
    return at::matmul(q, k.transpose(1, 2)).unsqueeze(1);
  }
  const DistinctInputs& inputs = *run.distinct_inputs();
  const Tensor q = project_with(rows, to_q);
  const Tensor k = project_with(rows, to_k);
  const auto pairs = static_cast<int64_t>(queries.size() * keys.size());
  if (inputs.count() * inputs.count() > run.extent().batch * pairs)
    return at::matmul(inputs.spread(q, queries), inputs.spread(k, keys).transpose(1, 2))
        .unsqueeze(1);
  return inputs.spread_pairs(at::matmul(q, k.t()), queries, keys).unsqueeze(1);
}

Tensor folded_output(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Place& z = run.places()[place.reads[0].from];
  const Place& to_v = run.places()[z.reads[1].from];
  const Tensor p = read_pattern(run, step, z.reads[0].from).select(1, 0);
  const Tensor W_O = run.weight(place, 0)[0], b_V = run.weight(to_v, 1);
  const Tensor b_VO = b_V.defined() ? at::matmul(b_V[0], W_O) : Tensor();
  const Tensor W_VO = at::matmul(run.weight(to_v, 0)[0], W_O);
  return at::matmul(p, project(run, to_v.reads[0].from, keys_of(step), W_VO, b_VO));
}

}  // namespace

Tensor projection_into_heads(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Tensor W = run.weight(place, 0), b = run.weight(place, 1);
  const int x = place.reads[0].from;
  if (const Tensor rows = distinct_rows(run, x); rows.defined())
    return run.distinct_inputs()
        ->spread(project_into_heads(rows, W, b).flatten(1), step.computed)
        .unflatten(-1, {W.size(0), W.size(2)});
  return project_into_heads(run.read(x, step.computed), W, b);
}

Tensor attention_scores(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const double scale = std::get<ScoresForm>(place.form).scale;
  if (step.folded) return folded_scores(run, step) * scale;
  const Tensor q =
      run.read(place.reads[0].from, step.computed).transpose(1, 2);  // [batch, head, pos, d_head]
  if (step.reads != Reads::Formed) return absorbed_scores(run, step, q, scale);
  return scores(q, run.read(place.reads[1].from, keys_of(step)).transpose(1, 2), scale);
}

Tensor attention_pattern(const Run& run, const Step& step) {
  Tensor scores =
      run.read(run.place_of(step).reads[0].from, step.computed).narrow(-1, 0, step.n_keys);
  if (step.computed.size() > 1) scores = masked(run, step, scores, kUnseenScore);
  return pattern_of(scores);
}

Tensor attention_mix(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Tensor p = read_pattern(run, step, place.reads[0].from);  // [batch, head, pos, key]
  if (step.reads != Reads::Formed) return absorbed_mix(run, step, p);
  const Tensor v = run.read(place.reads[1].from, keys_of(step));
  return mix(p, v.transpose(1, 2)).transpose(1, 2);
}

Tensor projection_from_heads(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Tensor b = run.weight(place, 1);
  if (step.folded) {
    const Tensor out = folded_output(run, step);
    return b.defined() ? out + b : out;
  }
  return project_from_heads(run.read(place.reads[0].from, step.computed), run.weight(place, 0), b);
}

Tensor with_all_keys(const Run& run, const Step& step, const Tensor& map) {
  const bool scores = run.place_of(step).by == Primitive::Scores;
  const int64_t missing = run.extent().n_pos - map.size(-1);
  return masked(run, step, at::constant_pad_nd(map, {0, missing}),
                scores ? kUnseenScore : kUnseenPattern);
}

}  // namespace assay::interp::tracing
