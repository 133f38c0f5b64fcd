#include "interp/layers.h"

#include <torch/types.h>

namespace assay::interp {

using at::Tensor;

Tensor affine(const Tensor& x, const Tensor& W, const Tensor& b) {
  return b.defined() ? at::linear(x, W.t(), b) : at::matmul(x, W);
}

Tensor normalised(const Tensor& x, const std::shared_ptr<LayerNorm>& norm,
                  const TransformerConfig& config) {
  return norm ? at::layer_norm(x, {config.d_model}, norm->w, norm->b, config.norm_eps) : x;
}

}  // namespace assay::interp
