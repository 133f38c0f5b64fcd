#pragma once
// Attention from few queries: keys and values are never formed.
//
// With k = x W_K + b_K, a score q · k is (W_K q) · x + q · b_K, and with v = x W_V + b_V, z is
// (Σ pattern · x) W_V + (Σ pattern) b_V: the weights move to the query side, which is the shorter
// one. Where x = before + neurons W_out + b_out is itself not needed, W_out moves along.

#include <ATen/core/Tensor.h>

namespace assay::interp {
struct Step;
}

namespace assay::interp::tracing {

class Run;

/// @param q  queries: [batch, head, pos, d_head].
/// @return [batch, head, pos, key].
at::Tensor absorbed_scores(const Run& run, const Step& step, const at::Tensor& q, double scale);

/// @param pattern  [batch, head, pos, key].
/// @return [batch, pos, head, d_head].
at::Tensor absorbed_mix(const Run& run, const Step& step, const at::Tensor& pattern);

}  // namespace assay::interp::tracing
