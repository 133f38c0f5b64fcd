// Enclosures of sums, on a million of them, against MPFR, which adds them up exactly: logits of a
// network without blocks are (W_E + W_pos) W_U + b_U.

#include <gtest/gtest.h>
#include <mpfr.h>
#include <torch/types.h>

#include <cmath>
#include <random>

#include "axioms/proofs/enclosure.h"

namespace assay::proofs {
namespace sums_test {

using at::Tensor;

// Of any sign, over 40 orders of two, as float32 holds them. Every other number nearly cancels the
// one before it.
Tensor numbers(at::IntArrayRef shape, std::mt19937_64& engine) {
  Tensor all = at::empty(shape, torch::kFloat64);
  double* x = all.data_ptr<double>();
  for (int64_t i = 0; i < all.numel(); ++i) {
    const auto digits = static_cast<double>(static_cast<int32_t>(engine()) >> 8);
    x[i] = i % 2 ? -x[i - 1] + std::ldexp(digits, -70)
                 : std::ldexp(digits, static_cast<int>(engine() % 40) - 43);
    x[i] = static_cast<double>(static_cast<float>(x[i]));
  }
  return all;
}

TEST(Sums, AMillionOfThemAreEnclosed) {
  constexpr int64_t kTokens = 1000, kWidth = 12, kOutputs = 1000;
  constexpr mpfr_prec_t kExact = 400;  // bits, more than any of these sums has
  std::mt19937_64 engine(3);
  const Weights weights{.W_E = numbers({kTokens, kWidth}, engine),
                        .W_pos = numbers({1, kWidth}, engine),
                        .blocks = {},
                        .W_head = {},
                        .b_head = {},
                        .W_U = numbers({kWidth, kOutputs}, engine),
                        .b_U = numbers({kOutputs}, engine)};
  const Ball ball = logits(weights, at::arange(kTokens).unsqueeze(1), 0);
  const auto W_E = weights.W_E.accessor<double, 2>(), W_U = weights.W_U.accessor<double, 2>(),
             mid = ball.mid.accessor<double, 2>(), radius = ball.radius.accessor<double, 2>();
  const auto W_pos = weights.W_pos.accessor<double, 2>();
  const auto b_U = weights.b_U.accessor<double, 1>();

  std::vector<mpfr_t> stream(kWidth);
  mpfr_t sum, part;
  mpfr_inits2(kExact, sum, part, nullptr);
  for (auto& x : stream) mpfr_init2(x, kExact);
  int outside = 0, inexact = 0, rounded = 0;
  for (int64_t token = 0; token < kTokens; ++token) {
    for (int64_t i = 0; i < kWidth; ++i) {
      mpfr_set_d(stream[i], W_E[token][i], MPFR_RNDN);
      inexact += mpfr_add_d(stream[i], stream[i], W_pos[0][i], MPFR_RNDN) != 0;
    }
    for (int64_t output = 0; output < kOutputs; ++output) {
      mpfr_set_d(sum, b_U[output], MPFR_RNDN);
      for (int64_t i = 0; i < kWidth; ++i) {
        inexact += mpfr_mul_d(part, stream[i], W_U[i][output], MPFR_RNDN) != 0;
        inexact += mpfr_add(sum, sum, part, MPFR_RNDN) != 0;
      }
      inexact += mpfr_sub_d(sum, sum, mid[token][output], MPFR_RNDN) != 0;
      rounded += !mpfr_zero_p(sum);
      mpfr_abs(sum, sum, MPFR_RNDN);
      outside += mpfr_cmp_d(sum, radius[token][output]) > 0;
    }
  }
  for (auto& x : stream) mpfr_clear(x);
  mpfr_clears(sum, part, nullptr);
  EXPECT_EQ(inexact, 0);
  EXPECT_EQ(outside, 0);
  EXPECT_GT(rounded, kTokens * kOutputs / 2);  // float64 alone does not give these sums
  const Tensor size =
      at::matmul(weights.W_E.abs() + weights.W_pos.abs(), weights.W_U.abs()) + weights.b_U.abs();
  EXPECT_LE((ball.radius / size).max().item<double>(), 4e-15);
}

}  // namespace sums_test
}  // namespace assay::proofs
