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

TEST(WinRateBounds, AreThoseOfWinsAndLossesTogether) {
  // Without a loss or a win in n the bounds are the closed forms of 0 of n at α/2.
  const double most = 1 - std::pow(0.025, 1.0 / 48);
  EXPECT_NEAR(win_rate_bounds(0, 0, 48, 0.05).high, 0.5 + most / 2, 1e-12);
  EXPECT_NEAR(win_rate_bounds(0, 0, 48, 0.05).low, 0.5 - most / 2, 1e-12);
  const interp::Interval all = win_rate_bounds(48, 0, 48, 0.05);
  EXPECT_EQ(all.high, 1);
  EXPECT_NEAR(all.low, (1 + (1 - most) - most) / 2, 1e-12);
  const interp::Interval few = win_rate_bounds(2, 2, 4, 0.05);  // four inputs show nothing
  EXPECT_LT(few.low, 0.1);
  EXPECT_GT(few.high, 0.9);
  EXPECT_EQ(win_rate_bounds(0, 0, 0, 0.05), (interp::Interval{0, 1}));
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
          const interp::Interval bounds = win_rate_bounds(w, l, n, 0.05);
          above += (1 + wins - losses) / 2 > bounds.high ? chance : 0;
          below += (1 + wins - losses) / 2 < bounds.low ? chance : 0;
        }
      }
      EXPECT_LE(above, 0.05) << wins << " " << losses;
      EXPECT_LE(below, 0.05) << wins << " " << losses;
    }
  }
}

TEST(RejectingHits, AreNoneWhereTheSmallestPValueIsTooLarge) {
  EXPECT_EQ(rejecting_hits(199, 0.05), 9);  // (1 + 9)/200
  EXPECT_EQ(rejecting_hits(19, 0.05), 0);
  EXPECT_EQ(rejecting_hits(18, 0.05), -1);
  EXPECT_EQ(rejecting_hits(9, 0.05), -1);
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
