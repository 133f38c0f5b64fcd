#include "interp/statistics/sequential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/math/special_functions/beta.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "interp/statistics/random.h"

namespace assay::statistics {
namespace sequential_test {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kTwenty = std::log(20.0);  // evidence that decides at 5%

/// The first n at which no failure in n inputs shows that the rate is below `rate`.
int64_t first_without_a_failure(double rate, const MixingPrior& prior) {
  int64_t n = 1;
  while (log_evidence_against_at_least({n, 0}, rate, prior) < kTwenty) ++n;
  return n;
}

TEST(Sequential, WithoutAFailureItIsDecidedWhereItMust) {
  EXPECT_EQ(first_without_a_failure(1e-3, {}), 3787);
  EXPECT_EQ(first_without_a_failure(1e-3, {1, 1}), 4512);
  EXPECT_EQ(first_without_a_failure(4.3e-3, {}), 880);
  // With n fixed beforehand 2,995 are enough, so looking all the time costs a quarter more.
  EXPECT_LE(upper_bound({2995, 0}, 0.95), 1e-3);
  EXPECT_GT(upper_bound({2994, 0}, 0.95), 1e-3);
  for (const double rate : {1e-3, 4.3e-3, 0.05, 0.3})
    EXPECT_EQ(inputs_until_decided({first_without_a_failure(rate, {}), 0}, rate, 0.05),
              first_without_a_failure(rate, {}));
}

/// ln P(k failures in n).
double log_probability(int64_t k, int64_t n, double p) {
  const auto hits = static_cast<double>(k), misses = static_cast<double>(n - k);
  return std::lgamma(hits + misses + 1) - std::lgamma(hits + 1) - std::lgamma(misses + 1) +
         (k ? hits * std::log(p) : 0) + (misses > 0 ? misses * std::log1p(-p) : 0);
}

// E[M(K, n)] is at most 1 at every rate of the null, and 1 at its end: exact sums over K.
TEST(Sequential, UnderTheNullTheMeanEvidenceIsAtMostOne) {
  for (const double rate : {1e-4, 0.01, 0.182, 0.5, 0.9})
    for (const int64_t n : {1, 7, 128, 1000})
      for (const double share : {0.0, 0.2, 0.5, 0.9, 0.999}) {
        const double more = rate + share * (1 - rate), less = rate * (1 - share);
        double at_least = 0, at_most = 0;
        for (int64_t k = 0; k <= n; ++k) {
          at_least +=
              std::exp(log_probability(k, n, more) + log_evidence_against_at_least({n, k}, rate));
          at_most +=
              std::exp(log_probability(k, n, less) + log_evidence_against_at_most({n, k}, rate));
        }
        EXPECT_LE(at_least, 1 + 1e-9) << rate << " " << n << " " << share;
        EXPECT_LE(at_most, 1 + 1e-9) << rate << " " << n << " " << share;
        if (share > 0) continue;
        EXPECT_NEAR(at_least, 1, 1e-9) << rate << " " << n;
        EXPECT_NEAR(at_most, 1, 1e-9) << rate << " " << n;
      }
}

// The same of the next input, wherever one stands: E[M(k + X, n + 1)] <= M(k, n).
TEST(Sequential, TheNextInputRaisesTheEvidenceByNoMoreThanChance) {
  Engine engine(3);
  for (int trial = 0; trial < 2000; ++trial) {
    const int64_t n = draw_between(engine, 0, trial % 2 ? 60 : 100'000);
    const int64_t k = draw_between(engine, 0, n);
    const double rate = std::pow(draw_uniform(engine), 3);
    const double more = rate + draw_uniform(engine) * (1 - rate);
    const double less = draw_uniform(engine) * rate;
    const auto factor = [&](const auto& evidence, double p) {
      const double now = evidence({n, k}, rate, {});
      return p * std::exp(evidence({n + 1, k + 1}, rate, {}) - now) +
             (1 - p) * std::exp(evidence({n + 1, k}, rate, {}) - now);
    };
    EXPECT_LE(factor(log_evidence_against_at_least, more), 1 + 1e-8)
        << n << " " << k << " " << rate;
    EXPECT_LE(factor(log_evidence_against_at_most, less), 1 + 1e-8) << n << " " << k << " " << rate;
    EXPECT_NEAR(factor(log_evidence_against_at_least, rate), 1, 1e-8)
        << n << " " << k << " " << rate;
    EXPECT_NEAR(factor(log_evidence_against_at_most, rate), 1, 1e-8)
        << n << " " << k << " " << rate;
  }
}

using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<60>>;

/// The formula as it stands, with 60 digits and a range of exponents without end.
double by_definition(const Estimate& estimate, double rate, bool at_least) {
  const Wide e(rate), half(0.5), k(estimate.failures), rest(estimate.n - estimate.failures);
  const auto mass = [&](const Wide& a, const Wide& b) -> Wide {
    return at_least ? boost::math::beta(a, b, e) : boost::math::betac(a, b, e);
  };
  const Wide evidence =
      log(mass(half + k, half + rest)) - log(mass(half, half)) - k * log(e) - rest * log(1 - e);
  return static_cast<double>(evidence);
}

TEST(Sequential, AgreesWithSixtyDigits) {
  for (const int64_t n : {1, 10, 300, 5000})
    for (const double share : {0.0, 0.001, 0.03, 0.5, 0.97, 1.0})
      for (const double rate : {1e-9, 1e-4, 0.03, 0.5, 0.97, 1 - 1e-9}) {
        const Estimate estimate{n, std::llround(share * static_cast<double>(n))};
        const double below = by_definition(estimate, rate, true),
                     above = by_definition(estimate, rate, false);
        EXPECT_NEAR(log_evidence_against_at_least(estimate, rate), below,
                    1e-9 * (1 + std::abs(below)))
            << n << " " << share << " " << rate;
        EXPECT_NEAR(log_evidence_against_at_most(estimate, rate), above,
                    1e-9 * (1 + std::abs(above)))
            << n << " " << share << " " << rate;
      }
}

TEST(Sequential, BothEndsOfTheCountsAndOfTheRates) {
  for (const int64_t n : {1, 100, 1'000'000'000}) {
    EXPECT_EQ(log_evidence_against_at_least({n, 0}, 0), 0);  // no rate is smaller
    EXPECT_EQ(log_evidence_against_at_most({n, n}, 1), 0);
    EXPECT_EQ(log_evidence_against_at_most({n, 1}, 0), kInfinity);  // one failure refutes it
    EXPECT_EQ(log_evidence_against_at_most({n, 0}, 0), -kInfinity);
    EXPECT_EQ(log_evidence_against_at_least({n, n - 1}, 1), kInfinity);
    EXPECT_EQ(log_evidence_against_at_least({n, n}, 1), -kInfinity);
    EXPECT_LT(log_evidence_against_at_most({n, 0}, 0.1), 0);
    EXPECT_LT(log_evidence_against_at_least({n, n}, 0.1), 0);
    // Counting failures or successes is the same question.
    for (const double rate : {0.25, 0.5, 0.75})
      EXPECT_NEAR(log_evidence_against_at_least({n, n / 3}, rate),
                  log_evidence_against_at_most({n, n - n / 3}, 1 - rate), 1e-6);
  }
  EXPECT_EQ(log_evidence_against_at_least({0, 0}, 0.3), 0);
  EXPECT_EQ(log_evidence_against_at_most({0, 0}, 0.3), 0);
}

// Sums of a thousand million inputs: finite wherever they must be, and monotone in the failures.
TEST(Sequential, AThousandMillionInputsAreNoTrouble) {
  const int64_t n = 1'000'000'000;
  for (const double rate : {1e-9, 1e-3, 0.25, 0.999}) {
    double last = kInfinity, last_above = -kInfinity;
    for (const int64_t k : {0L, 1L, 1000L, 999'000L, 1'000'000L, 1'001'000L, n / 4 - 100'000, n / 4,
                            n / 4 + 100'000, n / 2, n - 1000, n}) {
      const double below = log_evidence_against_at_least({n, k}, rate),
                   above = log_evidence_against_at_most({n, k}, rate);
      EXPECT_TRUE(std::isfinite(below) && std::isfinite(above)) << k << " " << rate;
      EXPECT_LT(below, last) << k << " " << rate;
      EXPECT_GT(above, last_above) << k << " " << rate;
      last = below;
      last_above = above;
    }
  }
  // Where both rates are far apart the evidence is n times their relative entropy.
  EXPECT_NEAR(log_evidence_against_at_least({n, 0}, 0.25) / (n * -std::log(0.75)), 1, 1e-6);
  const double entropy = 0.5 * std::log(2) + 0.5 * std::log(0.5 / 0.75);
  EXPECT_NEAR(log_evidence_against_at_most({n, n / 2}, 0.25) / (n * entropy), 1, 1e-6);
}

TEST(Sequential, BoundsAreWhereTheEvidenceBeginsToReject) {
  for (const Estimate& estimate : std::vector<Estimate>{
           {1, 0}, {1, 1}, {100, 0}, {100, 3}, {5000, 2500}, {80'000, 79'999}, {80'000, 6}}) {
    const double upper = anytime_upper_bound(estimate, 0.95),
                 lower = anytime_lower_bound(estimate, 0.95);
    EXPECT_LE(lower, estimate.rate());
    EXPECT_GE(upper, estimate.rate());
    // Wider than what holds only where n was fixed beforehand.
    EXPECT_GE(upper, upper_bound(estimate, 0.95));
    EXPECT_LE(lower, lower_bound(estimate, 0.95));
    // What is not rejected is one interval.
    for (double rate = 0.0005; rate < 1; rate += 0.0005) {
      EXPECT_EQ(log_evidence_against_at_least(estimate, rate) >= kTwenty, rate >= upper) << rate;
      EXPECT_EQ(log_evidence_against_at_most(estimate, rate) >= kTwenty, rate <= lower) << rate;
    }
  }
  EXPECT_EQ(anytime_upper_bound({0, 0}, 0.95), 1);
  EXPECT_EQ(anytime_lower_bound({0, 0}, 0.95), 0);
  EXPECT_EQ(anytime_upper_bound({10, 10}, 0.95), 1);
  EXPECT_EQ(anytime_lower_bound({10, 0}, 0.95), 0);
  EXPECT_NEAR(anytime_upper_bound({3787, 0}, 0.95), 1e-3, 1e-6);
}

TEST(Sequential, SaysHowManyInputsWouldDecide) {
  EXPECT_NEAR(static_cast<double>(*inputs_until_decided({100, 0}, 1e-3, 0.05)), 3787, 4);
  const auto many = inputs_until_decided({1000, 29}, 0.035, 0.05);
  ASSERT_TRUE(many);
  EXPECT_GT(*many, 5000);
  EXPECT_LT(*many, 12'000);
  EXPECT_FALSE(inputs_until_decided({1000, 10}, 0.01, 0.05));  // as often as claimed: never
  EXPECT_FALSE(inputs_until_decided({0, 0}, 0.01, 0.05));
  EXPECT_FALSE(inputs_until_decided({1000, 0}, 0, 0.05));  // no sample shows a rate of zero
}

TEST(Sequential, WhatCannotBeIsRefused) {
  EXPECT_THROW(log_evidence_against_at_least({1, 2}, 0.5), std::invalid_argument);
  EXPECT_THROW(log_evidence_against_at_most({1, -1}, 0.5), std::invalid_argument);
  EXPECT_THROW(log_evidence_against_at_most({1, 0}, -0.1), std::invalid_argument);
  EXPECT_THROW(log_evidence_against_at_most({1, 0}, std::nan("")), std::invalid_argument);
  EXPECT_THROW(anytime_upper_bound({1, 0}, 1), std::invalid_argument);
  EXPECT_THROW(anytime_lower_bound({1, 0}, 0), std::invalid_argument);
  EXPECT_THROW(inputs_until_decided({1, 0}, 0.5, 0), std::invalid_argument);
}

// --- simulation

constexpr int64_t kLook = 128;  // inputs between two looks, as validation has them

/// For each look, the most failures with which the rate is shown to be below the claim, and the
/// fewest with which it is shown to be above it.
struct Limits {
  std::vector<int64_t> below, above;
};

template <typename Below, typename Above>
Limits limits(int64_t looks, const Below& shows_below, const Above& shows_above) {
  Limits result;
  int64_t low = -1, high = 0;  // both grow with n
  for (int64_t look = 1; look <= looks; ++look) {
    const int64_t n = look * kLook;
    while (low + 1 <= n && shows_below({n, low + 1})) ++low;
    while (high <= n && !shows_above({n, high})) ++high;
    result.below.push_back(low);
    result.above.push_back(high);
  }
  return result;
}

Limits mixture_limits(double claim, double alpha, int64_t looks) {
  const double enough = -std::log(alpha);
  return limits(
      looks, [&](Estimate seen) { return log_evidence_against_at_least(seen, claim) >= enough; },
      [&](Estimate seen) { return log_evidence_against_at_most(seen, claim) >= enough; });
}

/// Hoeffding's inequality at all times: a normal mixture for sums of numbers in [0, 1], one-sided
/// (Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences"),
/// narrowest at about 2,000 inputs.
Limits hoeffding_limits(double claim, double alpha, int64_t looks) {
  const auto margin = [alpha](int64_t n) {
    const double variance = static_cast<double>(n) / 4, tuned = 500;
    return std::sqrt(2 * (variance + tuned) *
                     std::log(std::sqrt((variance + tuned) / tuned) / (2 * alpha) + 1));
  };
  const auto over = [claim](const Estimate& seen) {
    return static_cast<double>(seen.failures) - claim * static_cast<double>(seen.n);
  };
  return limits(
      looks, [&](Estimate seen) { return -over(seen) >= margin(seen.n); },
      [&](Estimate seen) { return over(seen) >= margin(seen.n); });
}

/// What comes of many streams of inputs at one true rate.
struct Study {
  double below = 0, above = 0;  ///< shares of the streams decided this way
  int64_t median = 0;           ///< inputs until decided; 0: half of them are not
};

Study simulate(double truth, const std::vector<Limits>& rules, size_t rule, int64_t streams,
               uint64_t seed) {
  Study study;
  std::vector<int64_t> decided;
  for (int64_t stream = 0; stream < streams; ++stream) {
    Engine engine = engine_at({seed, static_cast<uint64_t>(stream)});
    int64_t failures = 0;
    for (size_t look = 0; look < rules[rule].below.size(); ++look) {
      failures += draw_binomial(engine, kLook, truth);
      const bool below = failures <= rules[rule].below[look];
      if (!below && failures < rules[rule].above[look]) continue;
      (below ? study.below : study.above) += 1.0 / static_cast<double>(streams);
      decided.push_back(static_cast<int64_t>(look + 1) * kLook);
      break;
    }
  }
  if (std::ssize(decided) * 2 > streams) {
    std::ranges::sort(decided);
    study.median = decided[streams / 2];
  }
  return study;
}

TEST(Sequential, LooksAtEvery128InputsDecideWhenTheyMust) {
  const auto median = [](double truth, double claim) {
    return simulate(truth, {mixture_limits(claim, 0.05, 800)}, 0, 2000, 5).median;
  };
  EXPECT_EQ(median(0.029, 0.182), 128);
  EXPECT_NEAR(static_cast<double>(median(0.03, 0.01)), 512, 129);
  EXPECT_NEAR(static_cast<double>(median(0.029, 0.035)), 8000, 600);
}

/// About the fewest inputs, fixed beforehand, with which a test at this level decides half the
/// time.
int64_t fixed_inputs(double truth, double claim, double alpha, int64_t most) {
  int64_t below = -1, above = 0;  // failures that show the rate to be below, above the claim
  for (int64_t n = 1; n <= most; n += std::max<int64_t>(1, n / 500)) {
    while (p_value_of_at_most({n, below + 1}, claim) <= alpha) ++below;
    while (above <= n && p_value_of_at_least({n, above}, claim) > alpha) ++above;
    const double power = truth < claim ? (below < 0 ? 0 : p_value_of_at_most({n, below}, truth))
                                       : (above > n ? 0 : p_value_of_at_least({n, above}, truth));
    if (power >= 0.5) return n;
  }
  return 0;
}

// Prints the table of docs/methods.md: whoever looks after every 128 inputs, up to 100,096 of them,
// is ever wrong in at most 5% of the streams.
TEST(Sequential, SlowTableOfWrongDecisions) {
  const double claim = 0.01, alpha = 0.05;
  const int64_t looks = 782, streams = 10'000;
  const std::vector<Limits> rules = {mixture_limits(claim, alpha, looks),
                                     hoeffding_limits(claim, alpha, looks)};
  const auto inputs = [](int64_t n) { return n ? std::to_string(n) : std::string("–"); };
  std::printf("claim: at most %g; %d streams of %d inputs\n", claim, static_cast<int>(streams),
              static_cast<int>(looks * kLook));
  std::printf("%8s %8s %9s %10s | %8s %8s %9s\n", "rate", "wrong", "decided", "Hoeffding", "median",
              "fixed n", "Hoeffding");
  for (const double truth : {0.0, 0.003, 0.008, 0.01, 0.0105, 0.02}) {
    const Study mixture = simulate(truth, rules, 0, streams, 11),
                hoeffding = simulate(truth, rules, 1, streams, 11);
    const auto wrong = [&](const Study& study) {
      return truth <= claim ? study.above : study.below;
    };
    std::printf(
        "%8g %7.2f%% %8.1f%% %9.1f%% | %8s %8s %9s\n", truth, 100 * wrong(mixture),
        100 * (mixture.below + mixture.above), 100 * (hoeffding.below + hoeffding.above),
        inputs(mixture.median).c_str(),
        inputs(truth == claim ? 0 : fixed_inputs(truth, claim, alpha, looks * kLook)).c_str(),
        inputs(hoeffding.median).c_str());
    EXPECT_LE(wrong(mixture), alpha) << truth;
    EXPECT_LE(wrong(hoeffding), alpha) << truth;
  }
}

}  // namespace sequential_test
}  // namespace assay::statistics
