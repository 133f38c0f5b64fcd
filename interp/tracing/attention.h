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

/// [batch, head, pos, key], with keys up to the last query; what they say of keys after their own
/// query is not defined.
at::Tensor attention_scores(const Run& run, const Step& step);

/// [batch, head, pos, key], with keys up to the last query; 0 at keys after their own query.
at::Tensor attention_pattern(const Run& run, const Step& step);

/// Σ pattern · value: [batch, pos, head, d_head].
at::Tensor attention_mix(const Run& run, const Step& step);

/// What heads write together: [batch, pos, d_model].
at::Tensor projection_from_heads(const Run& run, const Step& step);

/// A computed map as those see it who record or overwrite it: with every key of the sequence, and
/// keys after the query without weight.
at::Tensor with_all_keys(const Run& run, const Step& step, const at::Tensor& map);

}  // namespace assay::interp::tracing
