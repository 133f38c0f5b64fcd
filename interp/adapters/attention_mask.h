#pragma once
// Masks of attention that files keep beside their weights.

#include <ATen/core/Tensor.h>

#include <string>

namespace assay::interp {

struct TransformerConfig;

/// Compares the mask, of which what is not 0 lets a position attend to another, with the attention
/// of the configuration. TransformerLens keeps a causal mask in bidirectional networks too, so that
/// one agrees with both.
/// @param mask  [n_ctx, n_ctx], perhaps with axes of size 1 in front.
/// @throws std::runtime_error naming the tensor, if the two differ or no network with this mask can
///   be run (local attention).
void require_same_attention(const std::string& name, const at::Tensor& mask,
                            const TransformerConfig& config);

}  // namespace assay::interp
