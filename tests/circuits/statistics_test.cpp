#include "circuits/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::circuits {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pointwise;
using testing::ThrowsMessage;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// P(exactly k of n), by multiplication.
double probability(int64_t n, int64_t k, double p) {
  double result = 1;
  for (int64_t i = 0; i < k; ++i)
    result *= static_cast<double>(n - i) / static_cast<double>(i + 1) * p;
  return result * std::pow(1 - p, static_cast<double>(n - k));
}

TEST(RateInterval, ATextbookIntervalComesOut) {
  // Clopper and Pearson's 95 % interval for 1 of 10: 0.0025 to 0.4450.
  const interp::Interval interval = rate_interval(1, 10, 0.95);
  EXPECT_NEAR(interval.low, 0.0025, 0.00005);
  EXPECT_NEAR(interval.high, 0.4450, 0.00005);
}

TEST(RateInterval, AtTheEndsItIsAClosedForm) {
  for (const int64_t n : {1, 9, 1000}) {
    EXPECT_EQ(rate_interval(0, n, 0.95).low, 0);
    EXPECT_NEAR(rate_interval(0, n, 0.95).high, 1 - std::pow(0.025, 1.0 / static_cast<double>(n)),
                1e-12);
    EXPECT_NEAR(rate_interval(n, n, 0.95).low, std::pow(0.025, 1.0 / static_cast<double>(n)),
                1e-12);
    EXPECT_EQ(rate_interval(n, n, 0.95).high, 1);
  }
  EXPECT_EQ(rate_interval(0, 0, 0.95), (interp::Interval{0, 1}));
}

TEST(RateInterval, RefusesWhatIsNoCountAndNoConfidence) {
  EXPECT_THAT([] { rate_interval(3, 2, 0.95); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("3 out of 2")));
  EXPECT_THROW(rate_interval(-1, 2, 0.95), std::invalid_argument);
  for (const double confidence : {0.0, 1.0, kNaN})
    EXPECT_THROW(rate_interval(1, 2, confidence), std::invalid_argument);
}

TEST(SignTest, SmallCasesComeOut) {
  EXPECT_NEAR(sign_test(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(sign_test(5, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(sign_test(1, 5), 12.0 / 32, 1e-12);  // (1 + 5) on either side
  EXPECT_EQ(sign_test(3, 6), 1);
  EXPECT_EQ(sign_test(0, 0), 1);
  EXPECT_NEAR(sign_test(2, 5), 1, 1e-12);
}

TEST(SignTest, WithATolerantNullItIsTheWorstCaseSummedByHand) {
  for (const int64_t n : {1, 6, 11}) {
    for (const double epsilon : {0.0, 0.1, 0.3}) {
      for (int64_t wins = 0; wins <= n; ++wins) {
        double expected = 0;
        for (int64_t k = 0; k <= n; ++k)
          if (std::abs(2 * k - n) >= std::abs(2 * wins - n))
            expected += probability(n, k, 0.5 + epsilon);
        EXPECT_NEAR(sign_test(wins, n, epsilon), expected, 1e-12) << wins << " of " << n;
      }
    }
  }
}

TEST(SignTest, NoRateInTheNullIsRejectedTooOften) {
  const int64_t n = 40;
  for (const double epsilon : {0.0, 0.1}) {
    for (double rate = 0.5 - epsilon; rate <= 0.5 + epsilon + 1e-9; rate += 0.05) {
      double rejected = 0;
      for (int64_t wins = 0; wins <= n; ++wins)
        if (sign_test(wins, n, epsilon) <= 0.05) rejected += probability(n, wins, rate);
      EXPECT_LE(rejected, 0.05 + 1e-12);
    }
  }
}

TEST(EquivalenceTest, ShowsARateNearOneHalfAndNothingElse) {
  EXPECT_LT(equivalence_p_value(500, 1000, 0.1), 1e-9);
  EXPECT_GT(equivalence_p_value(620, 1000, 0.1), 0.5);
  EXPECT_GT(equivalence_p_value(2, 4, 0.1), 0.05);  // too few to show anything
  EXPECT_EQ(equivalence_p_value(0, 0, 0.1), 1);
  const int64_t n = 100;
  double rejected = 0;  // at the edge of its null
  for (int64_t wins = 0; wins <= n; ++wins)
    if (equivalence_p_value(wins, n, 0.2) <= 0.05) rejected += probability(n, wins, 0.7);
  EXPECT_LE(rejected, 0.05);
  EXPECT_GT(rejected, 0.01);
}

TEST(PermutationPValue, CountsTheObservedOne) {
  EXPECT_EQ(permutation_p_value(0, 99), 0.01);
  EXPECT_EQ(permutation_p_value(99, 99), 1);
  EXPECT_EQ(permutation_p_value(4, 19), 0.25);
}

TEST(Correction, HolmStepsDownFromTheSmallest) {
  // In order 0.005·4, 0.01·3, 0.03·2, 0.04·1, each at least the one before.
  EXPECT_THAT(adjusted({0.01, 0.04, 0.03, 0.005}, Correction::Holm),
              Pointwise(DoubleNear(1e-12), {0.03, 0.06, 0.06, 0.02}));
  EXPECT_THAT(adjusted({0.9, 0.8}, Correction::Holm), ElementsAre(1, 1));
}

TEST(Correction, BenjaminiAndHochbergStepUpFromTheLargest) {
  // In order 0.04·4/4, 0.03·4/3, 0.01·4/2, 0.005·4/1, each at most the one before.
  EXPECT_THAT(adjusted({0.01, 0.04, 0.03, 0.005}, Correction::BenjaminiHochberg),
              Pointwise(DoubleNear(1e-12), {0.02, 0.04, 0.04, 0.02}));
  // The example of their paper: of these 15 the four smallest are rejected at 5 %.
  const std::vector<double> paper = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                     0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const std::vector<double> p = adjusted(paper, Correction::BenjaminiHochberg);
  EXPECT_EQ(std::ranges::count_if(p, [](double value) { return value <= 0.05; }), 4);
  const std::vector<double> holm = adjusted(paper, Correction::Holm);
  EXPECT_EQ(std::ranges::count_if(holm, [](double value) { return value <= 0.05; }), 3);
}

TEST(Correction, OfOneTestIsNoneAndOfNoneNothing) {
  for (const Correction correction : {Correction::Holm, Correction::BenjaminiHochberg}) {
    EXPECT_THAT(adjusted({0.2}, correction), ElementsAre(0.2));
    EXPECT_THAT(adjusted({}, correction), IsEmpty());
    EXPECT_EQ(parse_correction(to_string(correction)), correction);
  }
  EXPECT_THAT(
      [] { parse_correction("none"); },
      ThrowsMessage<std::invalid_argument>(HasSubstr("there are holm, benjamini-hochberg")));
}

}  // namespace
}  // namespace assay::circuits
