#include "axioms/proofs/enclosure.h"

#include <torch/types.h>

#include <cmath>
#include <limits>

#include "axioms/proofs/exponential.h"
#include "axioms/proofs/statement.h"

namespace assay::proofs {
namespace {

using at::Tensor;

constexpr double kUp = 1 + 1e-9;         // covers the rounding of the radii themselves
constexpr double kTiny = 1e-34;          // flushed denormal numbers of float32
constexpr double kMostUncertain = 0.01;  // radius of a score

class Enclosing {
 public:
  Enclosing(const Weights& weights, Rounding rounding)
      : weights_(weights),
        absorbed_(rounding == Rounding::Absorbed),
        unit_(std::ldexp(1.0, rounding == Rounding::Float64 ? -53 : -24)) {}

  Ball logits(const Tensor& tokens, int64_t position) const {
    Ball x = embedded(weights_.summed ? tokens : tokens.narrow(1, 0, position + 1));
    for (size_t layer = 0; layer < weights_.blocks.size(); ++layer) {
      const bool last = layer + 1 == weights_.blocks.size();
      x = block(x, weights_.blocks[layer], last && !weights_.summed ? position : 0);
    }
    x = weights_.summed ? over_positions(x) : Ball{x.mid.select(1, 0), x.radius.select(1, 0)};
    if (weights_.W_head.defined()) x = relu(affine(x, weights_.W_head, weights_.b_head));
    return affine(x, weights_.W_U, weights_.b_U);
  }

 private:
  /// (1 + unit)^n - 1, from above.
  double share(int64_t n) const {
    const double nu = static_cast<double>(n) * unit_;
    return kUp * nu / (1 - nu);
  }

  Ball rounded(const Tensor& mid, const Tensor& radius, const Tensor& size, int64_t n) const {
    return {mid, (radius + (size + radius) * share(n)) * kUp + kTiny};
  }

  Ball embedded(const Tensor& tokens) const {
    const Tensor of_tokens =
        weights_.W_E.index_select(0, tokens.flatten()).view({tokens.size(0), tokens.size(1), -1});
    const Tensor of_positions = weights_.W_pos.narrow(0, 0, tokens.size(1)).unsqueeze(0);
    const Tensor mid = of_tokens + of_positions;
    return rounded(mid, at::zeros_like(mid), of_tokens.abs() + of_positions.abs(), 2);
  }

  Ball sum(const Ball& a, const Ball& b) const {
    return rounded(a.mid + b.mid, a.radius + b.radius, a.mid.abs() + b.mid.abs(), 2);
  }

  Ball over_positions(const Ball& x) const {
    return rounded(x.mid.sum(1), x.radius.sum(1), x.mid.abs().sum(1), x.mid.size(1) + 1);
  }

  static Ball relu(const Ball& x) {
    return {at::relu(x.mid), x.radius};  // |relu(x) - relu(y)| <= |x - y|
  }

  /// x W + b with W and b exact.
  Ball affine(const Ball& x, const Tensor& W, const Tensor& b) const {
    const double off = share(W.size(0) + 4);
    const Tensor each = x.radius + (x.mid.abs() + x.radius) * off;
    return {at::matmul(x.mid, W) + b, (at::matmul(each, W.abs()) + b.abs() * off) * kUp + kTiny};
  }

  /// The blocks' output at positions first, first + 1, … [batch, pos, d_model].
  Ball block(const Ball& x, const BlockWeights& b, int64_t first) const {
    const int64_t n = x.mid.size(1) - first;
    const Ball here = {x.mid.narrow(1, first, n), x.radius.narrow(1, first, n)};
    Ball mid = here;
    for (int64_t h = 0; h < b.heads(); ++h) mid = sum(mid, head(x, here, b, h, first));
    mid = sum(mid, {b.b_O, at::zeros_like(b.b_O)});
    return sum(mid, affine(relu(affine(mid, b.W_in, b.b_in)), b.W_out, b.b_out));
  }

  Ball head(const Ball& x, const Ball& here, const BlockWeights& b, int64_t h,
            int64_t first) const {
    const Ball q = affine(here, b.W_Q[h], b.b_Q[h]);
    const Ball k = affine(x, b.W_K[h], b.b_K[h]), v = affine(x, b.W_V[h], b.b_V[h]);
    const auto by_key = [](const Tensor& t) { return t.transpose(1, 2); };
    const int64_t d_head = q.mid.size(2);
    const Tensor q_size = q.mid.abs(), k_size = by_key(k.mid.abs());
    Tensor size = at::matmul(q_size, k_size);
    if (absorbed_)  // q (W_K x): the sums run over |q| |W_K| |x|, of both inner widths
      size = size + at::matmul(at::matmul(q_size, b.W_K[h].abs().t()), by_key(x.mid.abs())) +
             at::matmul(q_size, b.b_K[h].abs().unsqueeze(1));
    const Tensor radius =
        at::matmul(q_size + q.radius, by_key(k.radius)) + at::matmul(q.radius, k_size);
    const Ball scores = rounded(at::matmul(q.mid, by_key(k.mid)) * b.scale, radius * b.scale,
                                size * b.scale, d_head + (absorbed_ ? x.mid.size(2) : 0) + 6);
    const Ball pattern = softmax(scores, first);
    return affine(
        mixed(pattern, v,
              absorbed_ ? at::matmul(x.mid.abs(), b.W_V[h].abs()) + b.b_V[h].abs() : v.mid.abs(),
              x.mid.size(2)),
        b.W_O[h], at::zeros({b.W_O.size(2)}, torch::kFloat64));
  }

  /// e^s / Σ e^s over keys up to the query. @param first  position of the first query.
  Ball softmax(const Ball& scores, int64_t first) const {
    const int64_t queries = scores.mid.size(1), keys = scores.mid.size(2);
    const Tensor unseen =
        at::arange(keys).unsqueeze(0).gt(at::arange(first, first + queries).unsqueeze(1));
    const Tensor s = scores.mid.masked_fill(unseen, -std::numeric_limits<double>::infinity());
    Tensor below = (s - std::get<0>(s.max(2, true))).contiguous();
    const double most = scores.radius.max().item<double>();
    if (!(most < kMostUncertain))
      throw Untreated("attention scores are too uncertain to enclose what they weigh");
    double* x = below.data_ptr<double>();
    for (int64_t i = 0; i < below.numel(); ++i) {
      if (std::isinf(x[i])) {
        x[i] = 0;
        continue;
      }
      if (x[i] < -kMostExponent) throw Untreated("attention scores lie too far apart");
      x[i] = exponential(x[i]);
    }
    // Each e^s is off by a factor within 1 ± error, and so is their sum; the difference to the
    // largest score and the division round as well, float32's e^x by a few units.
    const Tensor error = scores.radius * 1.01 + kExponentialError + share(8) +
                         scores.mid.abs().amax(2, true) * share(4);
    const Tensor p = below / below.sum(2, true);
    const Tensor of_sum = (p * error).sum(2, true) * kUp + share(keys + 4);
    return {p, (p * (error + of_sum) * (1 + 4 * kMostUncertain)) * kUp + kTiny};
  }

  /// Σ pattern · v. @param v_size  of the terms that v is a sum of.
  Ball mixed(const Ball& pattern, const Ball& v, const Tensor& v_size, int64_t d_model) const {
    const Tensor p = pattern.mid.abs();
    return rounded(
        at::matmul(pattern.mid, v.mid),
        at::matmul(p + pattern.radius, v.radius) + at::matmul(pattern.radius, v.mid.abs()),
        at::matmul(p, v_size), pattern.mid.size(2) + (absorbed_ ? d_model : 0) + 4);
  }

  const Weights& weights_;
  const bool absorbed_;
  const double unit_;
};

}  // namespace

Ball logits(const Weights& weights, const Tensor& tokens, int64_t position, Rounding rounding) {
  return Enclosing(weights, rounding).logits(tokens, position);
}

}  // namespace assay::proofs
