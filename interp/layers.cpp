#include "interp/layers.h"

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace assay::interp {

using at::Tensor;

// at::matmul and at::linear choose between one product and a batch of them by requires_grad among
// others, and so would the last bits. Here it is always one.
Tensor affine(const Tensor& x, const Tensor& W, const Tensor& b) {
  const Tensor rows = x.dim() == 2 ? x : x.reshape({-1, x.size(-1)});
  const Tensor y = b.defined() ? at::addmm(b, rows, W) : at::mm(rows, W);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = W.size(1);
  return y.view(shape);
}

Tensor activated(const Tensor& x, const TransformerConfig& config) {
  switch (config.activation) {
    case Activation::Relu:
      return at::relu(x);
    case Activation::Gelu:
      return at::gelu(x, "tanh");
    case Activation::GeluExact:
      return at::gelu(x);
  }
  return {};
}

Tensor normalised(const Tensor& x, const std::shared_ptr<LayerNorm>& norm,
                  const TransformerConfig& config) {
  return norm ? at::layer_norm(x, {config.d_model}, norm->w, norm->b, config.norm_eps) : x;
}

}  // namespace assay::interp
