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
/// places without heads.
/// @param weights  those of the network, which the place's indices count.
/// @param reads  the values that the place reads, [..., width] each.
/// @return [..., width of the place]
at::Tensor apply(const Place& place, const std::vector<at::Tensor>& weights, at::TensorList reads);

/// Projections into heads. x: [..., d_model], W: [head, d_model, d_head], b: [head, d_head] or
/// undefined. @return [..., head, d_head]
at::Tensor project_into_heads(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// Each head's own product. x: [head or 1, row, m], W: [head, m, n], b: [head, n] or undefined.
/// @return [head, row, n]
at::Tensor project_each_head(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// What heads write together. z: [..., head, d_head], W: [head, d_head, d_model], b: [d_model] or
/// undefined. @return [..., d_model]
at::Tensor project_from_heads(const at::Tensor& z, const at::Tensor& W, const at::Tensor& b);

/// Queries or keys turned by the angles of their positions. x: [..., pos, d_head] -> the same.
/// @param positions  int64 [pos].
at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryForm& form);

/// q: [..., pos, d_head], k: [..., key, d_head] -> [..., pos, key]
at::Tensor scores(const at::Tensor& q, const at::Tensor& k, double scale);

/// What ALiBi adds to scores. @param queries, keys  int64 [pos] and [key], their positions.
/// @param heads  of the whole attention. @return [head, pos, key], in the type of `like`.
at::Tensor alibi(int64_t heads, const at::Tensor& queries, const at::Tensor& keys,
                 const at::Tensor& like);

/// A map with `unseen` at the keys that are out of their query's reach. map: [..., pos, key]
/// @param queries, first_key  positions: int64 [pos], and of the first key, which others follow.
at::Tensor without_unseen(const at::Tensor& map, const at::Tensor& queries, int64_t first_key,
                          const Read& read, double unseen);

/// Scores of keys out of reach are minus infinity, patterns of them 0.
inline constexpr double kUnseenScore = -std::numeric_limits<double>::infinity();
inline constexpr double kUnseenPattern = 0;

/// [..., pos, key] -> [..., pos, key], each row summing to 1.
at::Tensor pattern_of(const at::Tensor& scores);

/// pattern: [..., pos, key], v: [..., key, d_head] -> [..., pos, d_head]
at::Tensor mix(const at::Tensor& pattern, const at::Tensor& v);

/// x: [batch, pos, width] -> [batch, 1, width]
at::Tensor pool(const at::Tensor& x, Pooling pooling);

}  // namespace assay::interp
