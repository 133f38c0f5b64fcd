#include "interp/network/arithmetic.h"

#include <torch/types.h>

#include <stdexcept>

namespace assay::interp {
namespace {

using at::Tensor;

Tensor weight_of(const Place& place, const std::vector<Tensor>& weights, size_t i) {
  return i < place.weights.size() ? weights[place.weights[i]] : Tensor();
}

Tensor activated(const Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::Relu:
      return at::relu(x);
    case Activation::Gelu:
      return at::gelu(x, "tanh");
    case Activation::GeluExact:
      return at::gelu(x);
    case Activation::Silu:
      return at::silu(x);
    case Activation::Tanh:
      return at::tanh(x);
  }
  return {};
}

}  // namespace

// at::matmul and at::linear choose between one product and a batch of them by requires_grad among
// others, and so would the last bits. Here it is always one.
Tensor affine(const Tensor& x, const Tensor& W, const Tensor& b) {
  const Tensor rows = x.dim() == 2 ? x : x.reshape({-1, x.size(-1)});
  const Tensor y = b.defined() ? at::addmm(b, rows, W) : at::mm(rows, W);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = W.size(1);
  return y.view(shape);
}

Tensor apply(const Place& place, const std::vector<Tensor>& weights, const Tensor& x) {
  const Tensor first = weight_of(place, weights, 0), second = weight_of(place, weights, 1);
  switch (place.by) {
    case Primitive::Norm:
      return at::layer_norm(x, {x.size(-1)}, first, second, std::get<NormForm>(place.form).eps);
    case Primitive::Project:
      return affine(x, first, second);
    case Primitive::Activate:
      return activated(x, std::get<ActivationForm>(place.form).activation);
    default:
      throw std::logic_error("'" + place.name + "' is not computed position by position");
  }
}

Tensor project_into_heads(const Tensor& x, const Tensor& W, const Tensor& b) {
  const Tensor side_by_side = W.permute({1, 0, 2}).flatten(1);  // [d_model, head · d_head]
  const Tensor y = affine(x, side_by_side, b.defined() ? b.flatten() : b);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = W.size(0);
  shape.push_back(W.size(2));
  return y.view(shape);
}

Tensor project_each_head(const Tensor& x, const Tensor& W, const Tensor& b) {
  const bool one_product = x.size(0) == 1 && W.size(0) > 1;
  const Tensor y = one_product ? project_into_heads(x[0], W, {}).transpose(0, 1) : at::bmm(x, W);
  return b.defined() ? y + b.unsqueeze(1) : y;
}

Tensor project_from_heads(const Tensor& z, const Tensor& W, const Tensor& b) {
  const Tensor y = affine(z.flatten(-2), W.flatten(0, 1), {});
  return b.defined() ? y + b : y;
}

Tensor scores(const Tensor& q, const Tensor& k, double scale) {
  return at::matmul(q * scale, k.transpose(-2, -1));
}

Tensor without_later_keys(const Tensor& map, const Tensor& queries, double unseen) {
  const Tensor query = queries.unsqueeze(1);
  return map.masked_fill(at::arange(map.size(-1), query.options()) > query, unseen);
}

Tensor pattern_of(const Tensor& scores) {
  return at::softmax(scores, -1);
}

Tensor mix(const Tensor& pattern, const Tensor& v) {
  return at::matmul(pattern, v);
}

}  // namespace assay::interp
