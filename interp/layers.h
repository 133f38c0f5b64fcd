#pragma once
// What attention, MLPs and the unembedding do alike.

#include <ATen/core/Tensor.h>

#include "interp/transformer.h"

namespace assay::interp {

/// x W + b for x of any number of axes; `b` may be undefined. Its bits do not depend on whether
/// anything requires a gradient.
at::Tensor affine(const at::Tensor& x, const at::Tensor& W, const at::Tensor& b);

/// Of hidden neurons, elementwise.
at::Tensor activated(const at::Tensor& x, const TransformerConfig& config);

/// `x` itself where the network has no norms.
at::Tensor normalised(const at::Tensor& x, const std::shared_ptr<LayerNorm>& norm,
                      const TransformerConfig& config);

}  // namespace assay::interp
