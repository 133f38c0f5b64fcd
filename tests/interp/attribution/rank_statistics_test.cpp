#include "interp/attribution/rank_statistics.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

Tensor flags(const std::vector<int64_t>& values) {
  return torch::tensor(values, torch::kInt64).to(torch::kBool);
}
/// Few distinct values, so that there are many ties.
Tensor tied_values(int64_t n, int64_t seed) {
  const Tensor i = at::arange(n);
  return at::remainder(i * i * 7 + i * seed + seed, 5).to(torch::kFloat64);
}

TEST(AverageRanks, EqualValuesShareTheMeanOfTheirs) {
  EXPECT_TRUE(average_ranks(numbers({3, 1, 3, 2, 3})).equal(numbers({4, 1, 4, 2, 4})));
  EXPECT_TRUE(average_ranks(numbers({7, 7, -1, 9})).equal(numbers({2.5, 2.5, 1, 4})));
}

TEST(Spearman, WithoutTiesIsOneMinusTheSquaredDifferencesOfRanks) {
  // Ranks 1 2 3 4 5 against 2 1 4 5 3: Σd² = 1+1+1+1+4 = 8, and 1 - 6·8/(5·24) = 0.6.
  EXPECT_NEAR(spearman(numbers({10, 20, 30, 40, 50}), numbers({0.2, 0.1, 0.4, 0.5, 0.3})), 0.6,
              1e-12);
}

TEST(Spearman, WithTiesIsPearsonOfTheSharedRanks) {
  // Ranks 1.5 1.5 3 4 against 1 2 3.5 3.5. About the mean 2.5: -1 -1 .5 1.5 and -1.5 -.5 1 1;
  // products 1.5 + .5 + .5 + 1.5 = 4, squares 4.5 each: 4/4.5.
  EXPECT_NEAR(spearman(numbers({5, 5, 6, 7}), numbers({1, 2, 3, 3})), 8.0 / 9, 1e-12);
}

TEST(Spearman, SeesOrderAlone) {
  const Tensor a = tied_values(40, 3), b = tied_values(40, 1);
  EXPECT_NEAR(spearman(a, a.exp()), 1, 1e-12);
  EXPECT_NEAR(spearman(a, -a), -1, 1e-12);
  EXPECT_NEAR(spearman(a, b), spearman(a.exp(), 3 * b - 8), 1e-12);
}

TEST(Spearman, OfNoOrderIsUndefined) {
  EXPECT_TRUE(std::isnan(spearman(numbers({1, 1, 1}), numbers({1, 2, 3}))));
  EXPECT_TRUE(std::isnan(spearman(numbers({1}), numbers({2}))));
}

TEST(Auroc, CountsPairsInTheRightOrderAndHalfTheTies) {
  // Relevant 3, 2; irrelevant 2, 1: 3>2, 3>1, 2=2, 2>1 are 3.5 of 4.
  EXPECT_NEAR(auroc(numbers({3, 2, 2, 1}), flags({1, 1, 0, 0})), 3.5 / 4, 1e-12);
  EXPECT_NEAR(auroc(numbers({1, 1, 1}), flags({1, 0, 0})), 0.5, 1e-12);
  EXPECT_TRUE(std::isnan(auroc(numbers({1, 2}), flags({1, 1}))));
}

TEST(Auroc, AgreesWithCountingEveryPair) {
  for (int64_t seed = 1; seed <= 4; ++seed) {
    const Tensor scores = tied_values(60, seed), relevant = tied_values(60, seed + 1) > 2;
    const Tensor yes = scores.masked_select(relevant), no = scores.masked_select(~relevant);
    const Tensor gap = yes.unsqueeze(1) - no.unsqueeze(0);
    EXPECT_NEAR(auroc(scores, relevant), (gap.sign() + 1).div(2).mean().item<double>(), 1e-12);
  }
}

TEST(PrecisionAt, SharesThePlacesThatTiesCompeteFor) {
  const Tensor scores = numbers({5, 3, 3, 3, 1}), relevant = flags({1, 1, 0, 0, 1});
  EXPECT_NEAR(precision_at(1, scores, relevant), 1, 1e-12);
  EXPECT_NEAR(precision_at(2, scores, relevant), (1 + 1.0 / 3) / 2, 1e-12);
  EXPECT_NEAR(precision_at(4, scores, relevant), 2.0 / 4, 1e-12);
  EXPECT_NEAR(precision_at(5, scores, relevant), 3.0 / 5, 1e-12);
  EXPECT_THROW(precision_at(0, scores, relevant), std::invalid_argument);
  EXPECT_THROW(precision_at(6, scores, relevant), std::invalid_argument);
}

TEST(RankStatistics, RefuseNaNAndOtherSizes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(spearman(numbers({1, nan}), numbers({1, 2})), std::invalid_argument);
  EXPECT_THROW(auroc(numbers({1, nan}), flags({1, 0})), std::invalid_argument);
  EXPECT_THROW(precision_at(1, numbers({nan}), flags({1})), std::invalid_argument);
  EXPECT_THROW(spearman(numbers({1, 2}), numbers({1, 2, 3})), std::invalid_argument);
  EXPECT_THROW(auroc(numbers({1, 2}), flags({1})), std::invalid_argument);
}

}  // namespace
}  // namespace assay::interp::attribution
