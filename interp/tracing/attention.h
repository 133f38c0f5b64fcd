#pragma once
// What attention computes, in the ways that a plan may choose (shortcuts.h).

#include <ATen/core/Tensor.h>

namespace assay::interp {
struct Step;
}  // namespace assay::interp

namespace assay::interp::tracing {

class Run;

/// Queries, keys or values: [batch, pos, head, d_head].
at::Tensor projection_into_heads(const Run& run, const Step& step);

/// Queries or keys, turned: [batch, pos, head, d_head].
at::Tensor rotation(const Run& run, const Step& step);

/// [batch, head, pos, key], with the keys that any of the queries attends to; what they say of keys
/// out of their own query's reach is not defined.
at::Tensor attention_scores(const Run& run, const Step& step);

/// [batch, head, pos, key], with the same keys; 0 at those out of their own query's reach.
at::Tensor attention_pattern(const Run& run, const Step& step);

/// Σ pattern · value: [batch, pos, head, d_head].
at::Tensor attention_mix(const Run& run, const Step& step);

/// What heads write together: [batch, pos, d_model].
at::Tensor projection_from_heads(const Run& run, const Step& step);

/// A computed map as those see it who record or overwrite it: with every key of the sequence, and
/// keys out of the query's reach without weight.
at::Tensor with_all_keys(const Run& run, const Step& step, const at::Tensor& map);

}  // namespace assay::interp::tracing
