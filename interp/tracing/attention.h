#pragma once
// What the attention of one block computes, in the ways that a plan may choose (plan.h).

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace assay::interp {
struct Place;
struct Step;
struct TransformerConfig;
}  // namespace assay::interp

namespace assay::interp::tracing {

class Run;

/// What the queries, keys and values of a block are projected from.
Place attention_input(const TransformerConfig& config, int64_t layer);

/// Queries, keys or values, as the step's place says: [batch, pos, head, d_head].
at::Tensor queries_keys_or_values(const Run& run, const Step& step);

/// [batch, head, pos, key], with keys up to the last query; what they say of keys after their own
/// query is not defined.
at::Tensor scores(const Run& run, const Step& step);

/// [batch, head, pos, key], with keys up to the last query; 0 at keys after their own query.
at::Tensor pattern(const Run& run, const Step& step);

/// [batch, pos, head, d_head]
at::Tensor z(const Run& run, const Step& step);

/// [batch, pos, d_model]
at::Tensor attn_out(const Run& run, const Step& step);

/// A computed map as those see it who record or overwrite it: with every key of the sequence, and
/// keys after the query without weight.
at::Tensor with_all_keys(const Run& run, const Step& step, const at::Tensor& map);

}  // namespace assay::interp::tracing
