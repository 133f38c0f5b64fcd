#pragma once
// The primitives as functions of tensors: all that the project knows of how a network computes.
//
// A trace (tracing/) and a run of components (circuits/components/component_run.h) lay their values
// out differently, so leading axes are free where nothing else is said. None of these depends on
// whether anything requires a gradient, not even in its last bits.

#include <ATen/core/Tensor.h>

#include "interp/network/places.h"

namespace assay::interp {

/// x W, or x W + b if `b` is defined. x: [..., m], W: [m, n] -> [..., n]
at::Tensor affine(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// Places that treat each position by itself and know no heads: Norm, Activate, and Project between
/// places without heads. x: [..., width of what the place reads] -> [..., width of the place]
/// @param weights  those of the network, which the place's indices count.
at::Tensor apply(const Place& place, const std::vector<at::Tensor>& weights, const at::Tensor& x);

/// Projections into heads. x: [..., d_model], W: [head, d_model, d_head], b: [head, d_head] or
/// undefined. @return [..., head, d_head]
at::Tensor project_into_heads(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// Each head's own product. x: [head or 1, row, m], W: [head, m, n], b: [head, n] or undefined.
/// @return [head, row, n]
at::Tensor project_each_head(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// What heads write together. z: [..., head, d_head], W: [head, d_head, d_model], b: [d_model] or
/// undefined. @return [..., d_model]
at::Tensor project_from_heads(const at::Tensor& z, const at::Tensor& W, const at::Tensor& b);

/// q: [..., pos, d_head], k: [..., key, d_head] -> [..., pos, key]
at::Tensor scores(const at::Tensor& q, const at::Tensor& k, double scale);

/// A map with `unseen` at the keys that are later than their query. map: [..., pos, key], keys
/// being positions 0, 1, …
/// @param queries  int64 [pos], their positions.
at::Tensor without_later_keys(const at::Tensor& map, const at::Tensor& queries, double unseen);

/// Scores of keys out of reach are minus infinity, patterns of them 0.
inline constexpr double kUnseenScore = -std::numeric_limits<double>::infinity();
inline constexpr double kUnseenPattern = 0;

/// [..., pos, key] -> [..., pos, key], each row summing to 1.
at::Tensor pattern_of(const at::Tensor& scores);

/// pattern: [..., pos, key], v: [..., key, d_head] -> [..., pos, d_head]
at::Tensor mix(const at::Tensor& pattern, const at::Tensor& v);

}  // namespace assay::interp
