#include "interp/statistics/ranks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace assay::statistics {
namespace ranks_test {

using Values = std::vector<double>;

/// Few distinct values, so that there are many ties.
Values tied_values(int64_t n, int64_t seed) {
  Values values;
  for (int64_t i = 0; i < n; ++i)
    values.push_back(static_cast<double>((i * i * 7 + i * seed + seed) % 5));
  return values;
}

Values mapped(Values values, double (*function)(double)) {
  for (double& value : values) value = function(value);
  return values;
}

double exponential(double x) {
  return std::exp(x);
}

TEST(AverageRanks, EqualValuesShareTheMeanOfTheirs) {
  EXPECT_EQ(average_ranks({3, 1, 3, 2, 3}), (Values{4, 1, 4, 2, 4}));
  EXPECT_EQ(average_ranks({7, 7, -1, 9}), (Values{2.5, 2.5, 1, 4}));
  EXPECT_TRUE(average_ranks({}).empty());
}

TEST(Spearman, WithoutTiesIsOneMinusTheSquaredDifferencesOfRanks) {
  // Ranks 1 2 3 4 5 against 2 1 4 5 3: Σd² = 1+1+1+1+4 = 8, and 1 - 6·8/(5·24) = 0.6.
  EXPECT_NEAR(spearman({10, 20, 30, 40, 50}, {0.2, 0.1, 0.4, 0.5, 0.3}), 0.6, 1e-12);
}

TEST(Spearman, WithTiesIsPearsonOfTheSharedRanks) {
  // Ranks 1.5 1.5 3 4 against 1 2 3.5 3.5. About the mean 2.5: -1 -1 .5 1.5 and -1.5 -.5 1 1;
  // products 1.5 + .5 + .5 + 1.5 = 4, squares 4.5 each: 4/4.5.
  EXPECT_NEAR(spearman({5, 5, 6, 7}, {1, 2, 3, 3}), 8.0 / 9, 1e-12);
}

TEST(Spearman, SeesOrderAlone) {
  const Values a = tied_values(40, 3), b = tied_values(40, 1);
  const Values minus_a = mapped(a, [](double x) { return -x; });
  const Values line_of_b = mapped(b, [](double x) { return 3 * x - 8; });
  EXPECT_NEAR(spearman(a, mapped(a, exponential)), 1, 1e-12);
  EXPECT_NEAR(spearman(a, minus_a), -1, 1e-12);
  EXPECT_EQ(spearman(a, b), spearman(mapped(a, exponential), line_of_b));
}

TEST(Spearman, OfNoOrderIsUndefined) {
  EXPECT_TRUE(std::isnan(spearman({1, 1, 1}, {1, 2, 3})));
  EXPECT_TRUE(std::isnan(spearman({1}, {2})));
}

TEST(Auroc, CountsPairsInTheRightOrderAndHalfTheTies) {
  // Relevant 3, 2; irrelevant 2, 1: 3>2, 3>1, 2=2, 2>1 are 3.5 of 4.
  EXPECT_NEAR(auroc({3, 2, 2, 1}, {1, 1, 0, 0}), 3.5 / 4, 1e-12);
  EXPECT_NEAR(auroc({1, 1, 1}, {1, 0, 0}), 0.5, 1e-12);
  EXPECT_TRUE(std::isnan(auroc({1, 2}, {1, 1})));
}

TEST(Auroc, AgreesWithCountingEveryPair) {
  for (int64_t seed = 1; seed <= 4; ++seed) {
    const Values scores = tied_values(60, seed);
    std::vector<bool> relevant;
    for (const double value : tied_values(60, seed + 1)) relevant.push_back(value > 2);
    double ahead = 0, pairs = 0;
    for (size_t i = 0; i < scores.size(); ++i)
      for (size_t k = 0; k < scores.size(); ++k) {
        if (!relevant[i] || relevant[k]) continue;
        ahead += scores[i] > scores[k] ? 1 : scores[i] == scores[k] ? 0.5 : 0;
        ++pairs;
      }
    EXPECT_NEAR(auroc(scores, relevant), ahead / pairs, 1e-12);
  }
}

TEST(Descending, PutsTheEarlierOfEqualOnesFirst) {
  EXPECT_EQ(descending({1, 3, 2, 3, 1}), (std::vector<int64_t>{1, 3, 2, 0, 4}));
  EXPECT_EQ(descending({-0.0, 0.0}), (std::vector<int64_t>{0, 1}));
}

TEST(ShareOf, IsNotARoundingErrorLess) {
  EXPECT_EQ(share_of(10, 0.3), 3);
  EXPECT_EQ(share_of(100, 0.29), 29);  // 28.999999999999996
  EXPECT_EQ(share_of(10, 0.29), 2);
}

TEST(PrecisionAt, SharesThePlacesThatTiesCompeteFor) {
  const Values scores = {5, 3, 3, 3, 1};
  const std::vector<bool> relevant = {true, true, false, false, true};
  EXPECT_NEAR(precision_at(1, scores, relevant), 1, 1e-12);
  EXPECT_NEAR(precision_at(2, scores, relevant), (1 + 1.0 / 3) / 2, 1e-12);
  EXPECT_NEAR(precision_at(4, scores, relevant), 2.0 / 4, 1e-12);
  EXPECT_NEAR(precision_at(5, scores, relevant), 3.0 / 5, 1e-12);
  EXPECT_THROW(precision_at(0, scores, relevant), std::invalid_argument);
  EXPECT_THROW(precision_at(6, scores, relevant), std::invalid_argument);
}

TEST(RankStatistics, RefuseNaNAndOtherSizes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(spearman({1, nan}, {1, 2}), std::invalid_argument);
  EXPECT_THROW(auroc({1, nan}, {1, 0}), std::invalid_argument);
  EXPECT_THROW(precision_at(1, {nan}, {1}), std::invalid_argument);
  EXPECT_THROW(spearman({1, 2}, {1, 2, 3}), std::invalid_argument);
  EXPECT_THROW(auroc({1, 2}, {1}), std::invalid_argument);
}

}  // namespace ranks_test
}  // namespace assay::statistics
