#include "interp/network/arithmetic.h"

#include <torch/types.h>

#include <cmath>
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

Tensor normalised(const Tensor& x, const Tensor& gain, const Tensor& bias, const NormForm& form) {
  if (form.kind == NormKind::Layer) return at::layer_norm(x, {x.size(-1)}, gain, bias, form.eps);
  const Tensor y = x * (x.square().mean(-1, true) + form.eps).rsqrt();
  return gain.defined() ? y * gain : y;
}

// Slopes of a power of two heads are the geometric sequence that starts at 2^(-8/heads) and has
// that ratio. Others have those of the next power of two below, then every other one of the next
// above (arXiv 2108.12409, section 3, and the code that came with it).
std::vector<double> alibi_slopes(int64_t heads) {
  int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<double> slopes;
  for (int64_t i = 1; i <= power; ++i)
    slopes.push_back(std::exp2(-8.0 * static_cast<double>(i) / static_cast<double>(power)));
  for (int64_t i = 1; std::ssize(slopes) < heads; i += 2)
    slopes.push_back(std::exp2(-4.0 * static_cast<double>(i) / static_cast<double>(power)));
  return slopes;
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

Tensor apply(const Place& place, const std::vector<Tensor>& weights, at::TensorList reads) {
  const Tensor first = weight_of(place, weights, 0), second = weight_of(place, weights, 1);
  switch (place.by) {
    case Primitive::Norm:
      return normalised(reads[0], first, second, std::get<NormForm>(place.form));
    case Primitive::Project:
      return affine(reads[0], first, second);
    case Primitive::Activate: {
      const Tensor y = activated(reads[0], std::get<ActivationForm>(place.form).activation);
      return reads.size() == 1 ? y : y * reads[1];
    }
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

Tensor rotate(const Tensor& x, const Tensor& positions, const RotaryForm& form) {
  const int64_t half = form.dims / 2;
  const auto doubles = x.options().dtype(at::kDouble).requires_grad(false);
  const Tensor exponents = at::arange(half, doubles) * (-2.0 / static_cast<double>(form.dims));
  const Tensor angles = positions.to(at::kDouble).unsqueeze(1) * at::pow(form.base, exponents);
  const Tensor cos = angles.cos().to(x.scalar_type()), sin = angles.sin().to(x.scalar_type());
  const Tensor turned = x.narrow(-1, 0, form.dims), rest = x.slice(-1, form.dims);
  const Tensor pairs = form.interleaved ? turned.unflatten(-1, {half, 2})
                                        : turned.unflatten(-1, {2, half}).transpose(-2, -1);
  const Tensor a = pairs.select(-1, 0), b = pairs.select(-1, 1);  // [..., pos, pair]
  const Tensor u = a * cos - b * sin, v = b * cos + a * sin;
  if (form.interleaved) return at::cat({at::stack({u, v}, -1).flatten(-2), rest}, -1);
  return at::cat({u, v, rest}, -1);
}

Tensor scores(const Tensor& q, const Tensor& k, double scale) {
  return at::matmul(q * scale, k.transpose(-2, -1));
}

Tensor alibi(int64_t heads, const Tensor& queries, const Tensor& keys, const Tensor& like) {
  const Tensor slopes = torch::tensor(alibi_slopes(heads), like.options().requires_grad(false));
  const Tensor distance = (queries.unsqueeze(1) - keys).to(like.scalar_type());  // [pos, key]
  return -slopes.view({-1, 1, 1}) * distance;
}

Tensor without_unseen(const Tensor& map, const Tensor& queries, int64_t first_key, const Read& read,
                      double unseen) {
  if (read.reach == Reach::All) return map;
  const Tensor query = queries.unsqueeze(1);
  const Tensor key = at::arange(first_key, first_key + map.size(-1), query.options());
  Tensor out_of_reach = key > query;
  if (read.reach == Reach::Window) out_of_reach |= key <= query - read.window;
  return map.masked_fill(out_of_reach, unseen);
}

Tensor pattern_of(const Tensor& scores) {
  return at::softmax(scores, -1);
}

Tensor mix(const Tensor& pattern, const Tensor& v) {
  return at::matmul(pattern, v);
}

Tensor pool(const Tensor& x, Pooling pooling) {
  switch (pooling) {
    case Pooling::Mean:
      return x.mean(1, true);
    case Pooling::Sum:
      return x.sum(1, true);
    default:
      return x.narrow(1, 0, 1);
  }
}

}  // namespace assay::interp
