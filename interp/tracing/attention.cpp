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

// A map of the step's queries without the keys that are out of their reach.
Tensor masked(const Step& step, const Tensor& map, int64_t first_key, const Read& read,
              double unseen) {
  if (read.reach == Reach::All) return map;
  return without_unseen(map, as_index(step.computed, map), first_key, read, unseen);
}

// Queries' heads that share one of the keys', one below the other: [batch, head, pos, n] ->
// [batch, kv head, heads that share · pos, n], which is x itself where none do.
Tensor grouped(const Tensor& x, int64_t kv_heads) {
  if (x.size(1) == kv_heads) return x;
  return x.reshape({x.size(0), kv_heads, -1, x.size(3)});
}
Tensor ungrouped(const Tensor& x, int64_t heads) {
  if (x.size(1) == heads) return x;
  return x.view({x.size(0), heads, -1, x.size(3)});
}

// The value of a place for each distinct input; undefined unless it is made of the embeddings
// alone and nobody overwrites it on the way.
Tensor distinct_rows(const Run& run, int index) {
  const DistinctInputs* inputs = run.distinct_inputs();
  if (!inputs || run.is_overwritten(index)) return {};
  if (index == inputs->sum()) return inputs->embeddings();
  const Place& place = run.places()[index];
  if (place.by != Primitive::Norm && place.by != Primitive::Sum) return {};
  if (place.reads.size() != 1) return {};
  const Tensor rows = distinct_rows(run, place.reads[0].from);
  if (!rows.defined() || place.by == Primitive::Sum) return rows;
  return apply(place, run.weights(), rows);
}

// x W + b at `positions`, with x the value of a place.
Tensor project(const Run& run, int x, const Positions& positions, const Tensor& W,
               const Tensor& b) {
  if (const Tensor rows = distinct_rows(run, x); rows.defined())
    return run.distinct_inputs()->spread(affine(rows, W, b), positions);
  return affine(run.read(x, positions), W, b);
}

// Patterns that queries read: an overwritten one may speak of keys out of reach, which stay unseen.
Tensor read_pattern(const Run& run, const Step& step, int place) {
  const Tensor pattern = run.read_map(place, step);
  if (!run.is_overwritten(place)) return pattern;
  return masked(step, pattern, step.first_key, *attended(run.places(), place), kUnseenPattern);
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

// [batch, head, pos, key]
Tensor scaled_products(const Run& run, const Step& step, double scale) {
  const Place& place = run.place_of(step);
  if (step.folded) return folded_scores(run, step) * scale;
  const Tensor q =
      run.read(place.reads[0].from, step.computed).transpose(1, 2);  // [batch, head, pos, d_head]
  if (step.reads != Reads::Formed) return absorbed_scores(run, step, q, scale);
  const Tensor k = run.read(place.reads[1].from, keys_of(step)).transpose(1, 2);
  return ungrouped(scores(grouped(q, k.size(1)), k, scale), q.size(1));
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

Tensor rotation(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Tensor x = run.read(place.reads[0].from, step.computed).transpose(1, 2);
  return rotate(x, as_index(step.computed, x), std::get<RotaryForm>(place.form)).transpose(1, 2);
}

Tensor attention_scores(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const auto& form = std::get<ScoresForm>(place.form);
  const Tensor products = scaled_products(run, step, form.scale);
  if (!form.alibi) return products;
  return products + alibi(place.size(Axis::Head), as_index(step.computed, products),
                          as_index(keys_of(step), products), products);
}

Tensor attention_pattern(const Run& run, const Step& step) {
  const Read read = *attended(run.places(), step.place);
  Tensor scores = run.read_map(run.place_of(step).reads[0].from, step);
  if (step.computed.size() > 1)  // a single query sees just the keys that are there
    scores = masked(step, scores, step.first_key, read, kUnseenScore);
  return pattern_of(scores);
}

Tensor attention_mix(const Run& run, const Step& step) {
  const Place& place = run.place_of(step);
  const Tensor p = read_pattern(run, step, place.reads[0].from);  // [batch, head, pos, key]
  if (step.reads != Reads::Formed) return absorbed_mix(run, step, p);
  const Tensor v = run.read(place.reads[1].from, keys_of(step)).transpose(1, 2);
  return ungrouped(mix(grouped(p, v.size(1)), v), p.size(1)).transpose(1, 2);
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
  const int64_t missing = run.extent().n_pos - step.n_keys;
  return masked(step, at::constant_pad_nd(map, {step.first_key, missing}), 0,
                *attended(run.places(), step.place), scores ? kUnseenScore : kUnseenPattern);
}

}  // namespace assay::interp::tracing
