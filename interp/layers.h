#pragma once
// What attention, MLPs and the unembedding do alike.

#include <ATen/core/Tensor.h>

#include "interp/transformer.h"

namespace assay::interp {

/// x W + b; `b` may be undefined.
at::Tensor affine(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// `x` itself where the network has no norms.
at::Tensor normalised(const at::Tensor& x, const std::shared_ptr<LayerNorm>& norm,
                      const TransformerConfig& config);

}  // namespace assay::interp
