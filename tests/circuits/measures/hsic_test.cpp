#include "circuits/measures/hsic.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

namespace assay::circuits {
namespace hsic_tests {

at::Tensor normal(int64_t n, int64_t width, uint64_t seed) {
  at::Tensor values = at::empty({n, width}, torch::kFloat64);
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = normal(engine);
  return values;
}

TEST(GaussianKernel, HasTheMedianDistanceAsBandwidth) {
  // Distances 3, 4 and 5: σ = 4.
  const at::Tensor points = at::tensor({0.0, 0.0, 3.0, 0.0, 0.0, 4.0}).view({3, 2});
  const at::Tensor K = gaussian_kernel(points);
  EXPECT_NEAR(K[0][1].item<double>(), std::exp(-9.0 / 32), 1e-12);
  EXPECT_NEAR(K[0][2].item<double>(), std::exp(-0.5), 1e-12);
  EXPECT_NEAR(K[2][1].item<double>(), std::exp(-25.0 / 32), 1e-12);
  EXPECT_EQ(K[1][1].item<double>(), 1);
}

TEST(GaussianKernel, TakesRoundingNoiseForNothing) {
  const at::Tensor noise = normal(6, 2, 1) * 1e-9;
  EXPECT_TRUE(gaussian_kernel(noise, /*resolution=*/1e-6).eq(1).all().item<bool>());
  EXPECT_FALSE(gaussian_kernel(noise).eq(1).all().item<bool>());
}

TEST(Hsic, OfTwoBinaryVariablesIsAClosedForm) {
  // n = 4, x = y = (0, 0, 1, 1): the only distance is 1, so K = L has 1 in the blocks and
  // c = e^{-1/2} outside. Centred: ±(1-c)/2; the mean of their product is (1-c)²/4.
  const at::Tensor x = at::tensor({0.0, 0.0, 1.0, 1.0}).view({4, 1});
  const double c = std::exp(-0.5);
  EXPECT_NEAR(hsic(gaussian_kernel(x), gaussian_kernel(x)), (1 - c) * (1 - c) / 4, 1e-12);
  // y = (0, 1, 0, 1) is independent of x: exactly 0.
  const at::Tensor y = at::tensor({0.0, 1.0, 0.0, 1.0}).view({4, 1});
  EXPECT_NEAR(hsic(gaussian_kernel(x), gaussian_kernel(y)), 0, 1e-12);
}

TEST(Hsic, IsTheTraceOfItsDefinition) {
  const at::Tensor K = gaussian_kernel(normal(9, 2, 1)), L = gaussian_kernel(normal(9, 3, 2));
  const at::Tensor H = at::eye(9, torch::kFloat64) - 1.0 / 9;
  EXPECT_NEAR(hsic(K, L), K.matmul(H).matmul(L).matmul(H).trace().item<double>() / 81, 1e-12);
}

TEST(HsicTest, FindsDependenceThatNoCorrelationShows) {
  const at::Tensor x = normal(80, 1, 3);
  const HsicTest test = hsic_test(x, x.square(), 199, 1);
  EXPECT_EQ(test.p_value, 1.0 / 200);
  EXPECT_GT(test.normalised, 0.1);
  EXPECT_LE(test.normalised, 1);
  EXPECT_NEAR(hsic_test(x, 3 * x + 1, 19, 1).normalised, 1, 1e-9);
}

TEST(HsicTest, NothingDependsOnAConstant) {
  const HsicTest test = hsic_test(normal(20, 2, 3), at::ones({20, 1}), 99, 1);
  EXPECT_EQ(test.p_value, 1);
  EXPECT_NEAR(test.statistic, 0, 1e-12);
  EXPECT_TRUE(std::isnan(test.normalised));
}

// With 19 permutations the p-value takes 20 values, each with probability 1/20 under the null.
TEST(HsicTest, UnderTheNullPValuesAreUniform) {
  constexpr int kTests = 400, kValues = 20;
  std::vector<int> counts(kValues);
  for (int i = 0; i < kTests; ++i) {
    const at::Tensor x = normal(15, 1, 1000 + 2 * i), y = normal(15, 1, 1001 + 2 * i);
    const double p = hsic_test(x, y, kValues - 1, i).p_value;
    ++counts.at(static_cast<size_t>(std::lround(p * kValues)) - 1);
  }
  double chi_squared = 0;  // 19 degrees of freedom: above 36.2 once in 100 times
  for (const int count : counts)
    chi_squared += std::pow(count - kTests / 20.0, 2) / (kTests / 20.0);
  EXPECT_LT(chi_squared, 36.2);
}

// With the truth planted independently of the function: rows that repeat, at the share it gives.
TEST(DetectableShare, IsFoundInAboutFourOfFiveCases) {
  const int64_t n = 60;
  const at::Tensor x = normal(n, 2, 5), y = normal(n, 2, 6);
  const std::optional<double> share = detectable_share(x, y, 99, 0.05, 1);
  ASSERT_TRUE(share.has_value());
  EXPECT_GT(*share, 0.1);
  EXPECT_LT(*share, 0.7);
  const auto found = [&](double part) {
    int rejected = 0;
    for (int i = 0; i < 200; ++i) {
      at::Tensor planted = normal(n, 2, 100 + i);
      const int64_t copies = std::llround(part * n);
      planted.narrow(0, 0, copies).copy_(y.narrow(0, 0, copies));
      rejected += hsic_test(planted, y, 99, i).p_value <= 0.05;
    }
    return rejected / 200.0;
  };
  EXPECT_GT(found(*share), 0.65);
  EXPECT_LT(found(*share / 2), 0.6);
}

TEST(DetectableShare, IsNothingWhereNoTestCouldReject) {
  const at::Tensor few = normal(3, 2, 5), y = normal(3, 2, 6);
  EXPECT_FALSE(detectable_share(few, y, 199, 0.05, 1).has_value());  // 3! orders
  EXPECT_FALSE(detectable_share(normal(40, 2, 5), normal(40, 2, 6), 9, 0.05, 1).has_value());
  EXPECT_FALSE(detectable_share(normal(40, 1, 5), at::ones({40, 1}, torch::kFloat64), 99, 0.05, 1));
}

TEST(HsicTest, RefusesWhatIsNoPairing) {
  const at::Tensor x = normal(5, 1, 1);
  EXPECT_THROW(hsic_test(x, normal(4, 1, 1), 9, 1), std::invalid_argument);
  EXPECT_THROW(hsic_test(x.narrow(0, 0, 1), x.narrow(0, 0, 1), 9, 1), std::invalid_argument);
  EXPECT_THROW(hsic_test(x, x, 0, 1), std::invalid_argument);
}

}  // namespace hsic_tests
}  // namespace assay::circuits
