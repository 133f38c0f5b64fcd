#include "interp/statistics/binomial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace assay::statistics {
namespace binomial_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// P(exactly k of n), by multiplication.
double probability(int64_t n, int64_t k, double p) {
  double result = 1;
  for (int64_t i = 0; i < k; ++i)
    result *= static_cast<double>(n - i) / static_cast<double>(i + 1) * p;
  return result * std::pow(1 - p, static_cast<double>(n - k));
}

TEST(Binomial, WithoutAFailureTheUpperBoundIsAClosedForm) {
  for (const int64_t n : {1, 2, 10, 1000, 80'001})
    EXPECT_NEAR(upper_bound({n, 0}, 0.95), 1 - std::pow(0.05, 1.0 / static_cast<double>(n)), 1e-12);
  EXPECT_NEAR(upper_bound({1, 0}, 0.95), 0.95, 1e-12);
  EXPECT_EQ(lower_bound({10, 0}, 0.95), 0);
}

TEST(Binomial, ThePublishedBoundsComeOut) {
  // 80,001 formulas without a failure: 0.0000374. 8,939 pairs without a failure: 0.000335.
  EXPECT_NEAR(upper_bound({80'001, 0}, 0.95), 0.0000374, 0.00000005);
  EXPECT_NEAR(upper_bound({8'939, 0}, 0.95), 0.000335, 0.0000005);
}

TEST(Binomial, WhereAllFailTheLowerBoundIsAClosedForm) {
  for (const int64_t n : {1, 7, 500})
    EXPECT_NEAR(lower_bound({n, n}, 0.95), std::pow(0.05, 1.0 / static_cast<double>(n)), 1e-12);
  EXPECT_EQ(upper_bound({500, 500}, 0.95), 1);
}

TEST(Binomial, WithoutInputsNothingIsKnown) {
  EXPECT_EQ(upper_bound({0, 0}, 0.95), 1);
  EXPECT_EQ(lower_bound({0, 0}, 0.95), 0);
  EXPECT_EQ((Estimate{}.rate()), 0);
  EXPECT_EQ(p_value_of_at_most({0, 0}, 0.1), 1);
  EXPECT_EQ(p_value_of_at_least({0, 0}, 0.1), 1);
}

TEST(Binomial, ATextbookIntervalComesOut) {
  // Clopper and Pearson's 95 % interval, 2.5 % on each side, for 1 of 10: 0.0025 to 0.4450.
  EXPECT_NEAR(lower_bound({10, 1}, 0.975), 0.0025, 0.00005);
  EXPECT_NEAR(upper_bound({10, 1}, 0.975), 0.4450, 0.00005);
}

TEST(Binomial, BoundsSolveTheEquationThatDefinesThem) {
  for (const int64_t n : {5, 20, 60})
    for (int64_t k = 1; k < n; ++k) {
      double at_most = 0, at_least = 0;
      const double upper = upper_bound({n, k}, 0.9), lower = lower_bound({n, k}, 0.9);
      for (int64_t i = 0; i <= k; ++i) at_most += probability(n, i, upper);
      for (int64_t i = k; i <= n; ++i) at_least += probability(n, i, lower);
      EXPECT_NEAR(at_most, 0.1, 1e-9);
      EXPECT_NEAR(at_least, 0.1, 1e-9);
    }
}

TEST(Binomial, BoundsCoverTheTruthAtLeastAsOftenAsPromised) {
  for (const double confidence : {0.8, 0.95, 0.99})
    for (int64_t n = 1; n <= 25; ++n) {
      std::vector<double> upper, lower;
      for (int64_t k = 0; k <= n; ++k) {
        upper.push_back(upper_bound({n, k}, confidence));
        lower.push_back(lower_bound({n, k}, confidence));
      }
      for (int step = 0; step <= 200; ++step) {
        const double p = step / 200.0;
        double upper_covers = 0, lower_covers = 0;
        for (int64_t k = 0; k <= n; ++k) {
          if (upper[k] >= p) upper_covers += probability(n, k, p);
          if (lower[k] <= p) lower_covers += probability(n, k, p);
        }
        ASSERT_GE(upper_covers, confidence - 1e-9) << "n " << n << " p " << p;
        ASSERT_GE(lower_covers, confidence - 1e-9) << "n " << n << " p " << p;
      }
    }
}

TEST(Binomial, CountingSuccessesInsteadOfFailuresMirrorsTheBounds) {
  for (const int64_t n : {1, 8, 300})
    for (int64_t k = 0; k <= n; k += 1 + n / 9)
      EXPECT_NEAR(lower_bound({n, k}, 0.95), 1 - upper_bound({n, n - k}, 0.95), 1e-12);
}

TEST(Binomial, BoundsEncloseTheRateAndTightenWithMoreInputs) {
  double width = 1;
  for (const int64_t n : {10, 100, 1000, 10'000}) {
    const Estimate estimate{n, n / 10};
    const double lower = lower_bound(estimate, 0.95), upper = upper_bound(estimate, 0.95);
    EXPECT_LT(lower, estimate.rate());
    EXPECT_GT(upper, estimate.rate());
    EXPECT_LT(upper - lower, width);
    width = upper - lower;
    EXPECT_LT(upper, upper_bound(estimate, 0.99));
  }
}

TEST(Binomial, EstimatesOfDisjointSamplesAddUp) {
  Estimate sum{100, 3};
  sum += {50, 1};
  sum += {};
  EXPECT_EQ(sum, (Estimate{150, 4}));
  EXPECT_DOUBLE_EQ(sum.rate(), 4.0 / 150);
}

TEST(Binomial, PValuesAreTailProbabilities) {
  double at_most = 0;
  for (int64_t k = 0; k <= 12; ++k) {
    EXPECT_NEAR(p_value_of_at_least({12, k}, 0.3), 1 - at_most, 1e-12);
    at_most += probability(12, k, 0.3);
    EXPECT_NEAR(p_value_of_at_most({12, k}, 0.3), at_most, 1e-12);
  }
  EXPECT_EQ(p_value_of_at_most({12, 3}, 0), 1);
  EXPECT_EQ(p_value_of_at_least({12, 3}, 0), 0);
  EXPECT_EQ(p_value_of_at_most({12, 3}, 1), 0);
  EXPECT_EQ(p_value_of_at_least({12, 12}, 1), 1);
}

TEST(Binomial, BoundsAndPValuesAnswerTheSameQuestion) {
  for (const int64_t k : {0, 1, 5, 30})
    for (const double rate : {0.001, 0.01, 0.02, 0.05, 0.1, 0.2}) {
      EXPECT_EQ(upper_bound({300, k}, 0.95) <= rate, p_value_of_at_most({300, k}, rate) <= 0.05);
      EXPECT_EQ(lower_bound({300, k}, 0.95) > rate, p_value_of_at_least({300, k}, rate) < 0.05);
    }
}

TEST(Binomial, ImpossibleEstimatesAndConfidencesAreRefused) {
  for (const double confidence : {0.0, 1.0, -1.0, std::nan("")}) {
    EXPECT_THROW(upper_bound({10, 1}, confidence), std::invalid_argument);
    EXPECT_THROW(lower_bound({10, 1}, confidence), std::invalid_argument);
  }
  EXPECT_THAT(
      [] {
        upper_bound({10, 1}, 1.5);
      },
      ThrowsMessage<std::invalid_argument>(
          "confidence: expected a number between 0 and 1, got 1.5"));
  EXPECT_THAT(
      [] {
        upper_bound({3, 4}, 0.95);
      },
      ThrowsMessage<std::invalid_argument>("estimate: 4 failures out of 3"));
  EXPECT_THAT(
      [] {
        lower_bound({3, -1}, 0.95);
      },
      ThrowsMessage<std::invalid_argument>("estimate: -1 failures out of 3"));
}

TEST(RateInterval, ATextbookIntervalComesOut) {
  // Clopper and Pearson's 95 % interval for 1 of 10: 0.0025 to 0.4450.
  const Interval interval = rate_interval(1, 10, 0.95);
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
  EXPECT_EQ(rate_interval(0, 0, 0.95), (Interval{0, 1}));
}

TEST(RateInterval, RefusesWhatIsNoCountAndNoConfidence) {
  EXPECT_THAT([] { rate_interval(3, 2, 0.95); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("3 out of 2")));
  EXPECT_THROW(rate_interval(-1, 2, 0.95), std::invalid_argument);
  for (const double confidence : {0.0, 1.0, kNaN})
    EXPECT_THROW(rate_interval(1, 2, confidence), std::invalid_argument);
}

TEST(WinRateBounds, AreThoseOfWinsAndLossesTogether) {
  // Without a loss or a win in n the bounds are the closed forms of 0 of n at α/2.
  const double most = 1 - std::pow(0.025, 1.0 / 48);
  EXPECT_NEAR(win_rate_bounds(0, 0, 48, 0.05).high, 0.5 + most / 2, 1e-12);
  EXPECT_NEAR(win_rate_bounds(0, 0, 48, 0.05).low, 0.5 - most / 2, 1e-12);
  const Interval all = win_rate_bounds(48, 0, 48, 0.05);
  EXPECT_EQ(all.high, 1);
  EXPECT_NEAR(all.low, (1 + (1 - most) - most) / 2, 1e-12);
  const Interval few = win_rate_bounds(2, 2, 4, 0.05);  // four inputs show nothing
  EXPECT_LT(few.low, 0.1);
  EXPECT_GT(few.high, 0.9);
  EXPECT_EQ(win_rate_bounds(0, 0, 0, 0.05), (Interval{0, 1}));
  EXPECT_THROW(win_rate_bounds(3, 2, 4, 0.05), std::invalid_argument);
}

// Summed over all outcomes: neither bound errs more often than alpha.
TEST(WinRateBounds, ErrAtMostAsOftenAsTheySay) {
  const int64_t n = 30;
  for (const double wins : {0.05, 0.3, 0.5}) {
    for (const double losses : {0.05, 0.3, 0.5}) {
      double above = 0, below = 0;
      for (int64_t w = 0; w <= n; ++w) {
        for (int64_t l = 0; w + l <= n; ++l) {
          const double chance =
              probability(n, w, wins) * (w == n ? 1 : probability(n - w, l, losses / (1 - wins)));
          const Interval bounds = win_rate_bounds(w, l, n, 0.05);
          above += (1 + wins - losses) / 2 > bounds.high ? chance : 0;
          below += (1 + wins - losses) / 2 < bounds.low ? chance : 0;
        }
      }
      EXPECT_LE(above, 0.05) << wins << " " << losses;
      EXPECT_LE(below, 0.05) << wins << " " << losses;
    }
  }
}

}  // namespace binomial_test
}  // namespace assay::statistics
