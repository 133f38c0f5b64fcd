#include "interp/network/arithmetic.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/interp/traces.h"

namespace assay::interp {
namespace arithmetic_test {

using at::Tensor;

Place place(Primitive by, Form form, std::vector<int> weights = {}) {
  return {.name = "any", .axes = {}, .by = by, .form = std::move(form), .weights = weights};
}

Tensor row(std::vector<double> values) {
  return torch::tensor(values, at::kDouble).unsqueeze(0);
}

// (3, 4): mean 3.5, deviation 0.5; the mean square is 12.5.
TEST(ArithmeticTest, NormsByHand) {
  const std::vector<Tensor> weights = {torch::tensor({2.0, 10.0}, at::kDouble),
                                       torch::tensor({0.5, 0.25}, at::kDouble)};
  const Tensor x = row({3, 4});
  const auto normed = [&](NormKind kind, std::vector<int> used) {
    return apply(place(Primitive::Norm, NormForm{kind, 1e-300}, used), weights, {x});
  };
  const double rms = std::sqrt(12.5);
  EXPECT_TRUE(close(normed(NormKind::Layer, {}), row({-1, 1}), 1e-12));
  EXPECT_TRUE(close(normed(NormKind::Layer, {0, 1}), row({-1.5, 10.25}), 1e-12));
  EXPECT_TRUE(close(normed(NormKind::Rms, {}), row({3 / rms, 4 / rms}), 1e-12));
  EXPECT_TRUE(close(normed(NormKind::Rms, {0}), row({6 / rms, 40 / rms}), 1e-12));
}

TEST(ArithmeticTest, NormsAddTheirEpsilonUnderTheRoot) {
  const Tensor x = row({3, 4});
  const auto normed = [&](NormKind kind, double eps) {
    return apply(place(Primitive::Norm, NormForm{kind, eps}), {}, {x});
  };
  EXPECT_TRUE(close(normed(NormKind::Layer, 0.75), row({-0.5, 0.5}), 1e-12));  // √(0.25 + 0.75)
  EXPECT_TRUE(close(normed(NormKind::Rms, 3.5), row({0.75, 1}), 1e-12));       // √(12.5 + 3.5)
}

// x σ(x), tanh x, x Φ(x) at ±1, to the digits of tables.
TEST(ArithmeticTest, ActivationsByTables) {
  const auto of = [](Activation activation) {
    return apply(place(Primitive::Activate, ActivationForm{activation}), {}, {row({1, -1, 0})});
  };
  EXPECT_TRUE(close(of(Activation::Relu), row({1, 0, 0}), 1e-12));
  EXPECT_TRUE(close(of(Activation::Silu), row({0.731058578630, -0.268941421370, 0}), 1e-11));
  EXPECT_TRUE(close(of(Activation::Tanh), row({0.761594155956, -0.761594155956, 0}), 1e-11));
  EXPECT_TRUE(close(of(Activation::GeluExact), row({0.841344746069, -0.158655253931, 0}), 1e-11));
  EXPECT_TRUE(close(of(Activation::Gelu), row({0.8411919906, -0.1588080094, 0}), 1e-9));
}

TEST(ArithmeticTest, AGateIsAFactor) {
  const Place gated = place(Primitive::Activate, ActivationForm{Activation::Relu});
  EXPECT_TRUE(close(apply(gated, {}, {row({2, -3, 5}), row({7, 11, -13})}), row({14, 0, -65}), 0));
}

// Position 1, base 16, four dimensions: pairs turn by 1 and by 1/4.
TEST(ArithmeticTest, RotationsByHand) {
  const Tensor x = torch::tensor({{1.0, 2.0, 3.0, 4.0, 9.0}}, at::kDouble);
  const Tensor position = torch::tensor({1}, at::kLong);
  const auto turn = [](double a, double b, double angle) {
    return std::pair{a * std::cos(angle) - b * std::sin(angle),
                     b * std::cos(angle) + a * std::sin(angle)};
  };
  const auto [a, c] = turn(1, 3, 1);
  const auto [b, d] = turn(2, 4, 0.25);
  EXPECT_TRUE(close(rotate(x, position, {4, 16, false}), row({a, b, c, d, 9}), 1e-12));
  const auto [e, f] = turn(1, 2, 1);
  const auto [g, h] = turn(3, 4, 0.25);
  EXPECT_TRUE(close(rotate(x, position, {4, 16, true}), row({e, f, g, h, 9}), 1e-12));
  EXPECT_TRUE(rotate(x, torch::tensor({0}, at::kLong), {4, 16, true}).equal(x));
}

std::vector<double> slopes(int64_t heads) {
  const Tensor positions = at::arange(2, at::kLong);
  const Tensor bias = alibi(heads, positions, positions, at::zeros({1}, at::kDouble));
  std::vector<double> slopes;
  for (int64_t head = 0; head < heads; ++head)
    slopes.push_back(-bias[head][1][0].item<double>());  // distance 1
  return slopes;
}

// arXiv 2108.12409, section 3: "for models that have 8 heads, the slopes are the geometric sequence
// 1/2, 1/4, …, 1/256"; for 16, 1/2^0.5, 1/2, …; and by the code for other numbers, those of the
// power of two below, followed by every other one of the power above.
TEST(ArithmeticTest, SlopesOfAlibiArePublished) {
  const auto powers = [](const std::vector<double>& exponents) {
    std::vector<double> all;
    for (const double exponent : exponents) all.push_back(std::exp2(-exponent));
    return all;
  };
  EXPECT_EQ(slopes(8), powers({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(slopes(1), powers({8}));
  EXPECT_EQ(slopes(12), powers({1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5}));
  EXPECT_EQ(slopes(3), powers({4, 8, 2}));
}

TEST(ArithmeticTest, MasksByHand) {
  const Tensor map = at::ones({3, 4}, at::kDouble), queries = torch::tensor({1, 3, 4}, at::kLong);
  const auto seen = [&](const Read& read) {  // keys 1 … 4
    return without_unseen(map, queries, 1, read, 0);
  };
  const auto rows = [](std::vector<double> all) {
    return torch::tensor(all, at::kDouble).view({3, 4});
  };
  EXPECT_TRUE(seen({0, Reach::All}).equal(map));
  EXPECT_TRUE(seen({0, Reach::UpToHere}).equal(rows({1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1})));
  EXPECT_TRUE(seen({0, Reach::Window, 2}).equal(rows({1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1})));
}

TEST(ArithmeticTest, PoolsByHand) {
  const Tensor x = torch::tensor({{{1.0, 2.0}, {3.0, 5.0}, {5.0, 2.0}}}, at::kDouble);
  const auto expect = [&](Pooling pooling, double left, double right) {
    EXPECT_TRUE(close(pool(x, pooling), row({left, right}).unsqueeze(0), 1e-12));
  };
  expect(Pooling::First, 1, 2);
  expect(Pooling::Mean, 3, 3);
  expect(Pooling::Sum, 9, 9);
}

}  // namespace arithmetic_test
}  // namespace assay::interp
