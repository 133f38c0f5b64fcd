#include "tasks/modular_addition/fourier.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <numbers>

namespace assay::tasks::modular_addition {
namespace fourier_test {

using at::Tensor;
using testing::ElementsAre;

Tensor noise(at::IntArrayRef sizes, double deviation, uint64_t seed) {
  return at::normal(0.0, deviation, sizes, at::make_generator<at::CPUGeneratorImpl>(seed))
      .to(torch::kFloat64);
}

TEST(Waves, AreCosinesThenSines) {
  const Tensor table = waves(11, {2, 5});
  ASSERT_EQ(table.sizes().vec(), (std::vector<int64_t>{11, 4}));
  for (int n = 0; n < 11; ++n) {
    const double w2 = 2 * std::numbers::pi * 2 / 11 * n, w5 = 2 * std::numbers::pi * 5 / 11 * n;
    const double expected[] = {std::cos(w2), std::cos(w5), std::sin(w2), std::sin(w5)};
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(table[n][i].item<double>(), expected[i], 1e-12);
  }
}

TEST(Waves, AreOrthogonalAndEachOfSquaredLengthPHalves) {
  for (const int64_t p : {3, 7, 113}) {
    const Tensor table = waves(p, all_frequencies(p));
    const Tensor gram = at::matmul(table.t(), table);
    const Tensor expected = at::eye(p - 1, torch::kFloat64) * (static_cast<double>(p) / 2);
    EXPECT_TRUE(gram.allclose(expected, 0, 1e-9)) << p;
    EXPECT_LT(table.sum(0).abs().max().item<double>(), 1e-9) << p;
  }
}

TEST(Spectrum, AndTheMeanTogetherHoldAllSquares) {
  const Tensor rows = noise({11, 6}, 1.0, 1) + 0.7;
  const double all = rows.square().sum().item<double>();
  const double mean = 11 * rows.mean(0).square().sum().item<double>();
  EXPECT_NEAR(spectrum(rows).sum().item<double>() + mean, all, 1e-9);
}

TEST(Spectrum, OfOneWaveLiesAtItsFrequency) {
  // 3 cos w_4 n: squared length 9 · 13/2.
  const Tensor power = spectrum(3 * waves(13, {4}).narrow(1, 0, 1));
  for (int64_t k = 1; k <= 6; ++k)
    EXPECT_NEAR(power[k - 1].item<double>(), k == 4 ? 9 * 13 / 2.0 : 0, 1e-9);
}

// Whatever a network chose: every set of frequencies is found, by any number of them.
TEST(KeyFrequencies, AreFoundWhicheverTheyAre) {
  constexpr int64_t kP = 13, kAll = 6, kWidth = 16;
  for (int set = 1; set < (1 << kAll) - 1; ++set) {
    std::vector<int64_t> chosen;
    for (int64_t k = 1; k <= kAll; ++k)
      if (set >> (k - 1) & 1) chosen.push_back(k);
    const auto n = static_cast<int64_t>(chosen.size());
    const Tensor strength = 1 + 0.2 * at::arange(2 * n, torch::kFloat64).remainder(3);
    const Tensor directions = noise({2 * n, kWidth}, 1.0, set) * strength.unsqueeze(1);
    const Tensor rows =
        at::matmul(waves(kP, chosen), directions) + noise({kP, kWidth}, 0.05, 1000 + set);
    const KeyFrequencies key = key_frequencies(spectrum(rows));
    EXPECT_EQ(key.frequencies, chosen);
    EXPECT_GT(key.share, 0.98);
    EXPECT_GT(key.gap, 20);
  }
}

TEST(KeyFrequencies, ByHand) {
  // Shares of 5: 4.9/5; the cut is behind 0.9, where the ratio is (0.9 + f) / (0.06 + f),
  // f = 0.01 · 5/5.
  const KeyFrequencies key =
      key_frequencies(torch::tensor({0.06, 3.0, 0.04, 0.9, 1.0}, torch::kFloat64));
  EXPECT_THAT(key.frequencies, ElementsAre(2, 4, 5));
  EXPECT_NEAR(key.share, 4.9 / 5, 1e-12);
  EXPECT_NEAR(key.gap, 15, 1e-9);
}

TEST(KeyFrequencies, ARatioOfNegligibleOnesIsNoGap) {
  const KeyFrequencies key =
      key_frequencies(torch::tensor({1.0, 0.8, 1e-6, 1e-6, 1e-12}, torch::kFloat64));
  EXPECT_THAT(key.frequencies, ElementsAre(1, 2));
}

TEST(KeyFrequencies, OfTheSmallestPrimeIsTheOnlyOne) {
  const KeyFrequencies key = key_frequencies(torch::tensor({2.0}, torch::kFloat64));
  EXPECT_THAT(key.frequencies, ElementsAre(1));
  EXPECT_EQ(key.share, 1);
  EXPECT_TRUE(std::isinf(key.gap));
}

}  // namespace fourier_test
}  // namespace assay::tasks::modular_addition
