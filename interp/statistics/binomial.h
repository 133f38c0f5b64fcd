#pragma once
// Exact binomial statistics (Boost.Math): what a number of failures says about the rate behind it.

#include <cstdint>

#include "interp/statistics/interval.h"

namespace assay::statistics {

/// Failures out of n independent inputs. Estimates of disjoint samples add up.
struct Estimate {
  int64_t n = 0;
  int64_t failures = 0;

  double rate() const { return n ? static_cast<double>(failures) / static_cast<double>(n) : 0; }
  Estimate& operator+=(const Estimate& other) {
    n += other.n;
    failures += other.failures;
    return *this;
  }
  bool operator==(const Estimate&) const = default;
};

/// One-sided Clopper-Pearson bounds: with probability at least `confidence` the true rate is at
/// most upper_bound (at least lower_bound). Without a failure the upper bound is 1 -
/// (1-confidence)^(1/n); without an input it is 1, and the lower bound 0.
/// @throws std::invalid_argument unless 0 < confidence < 1 and 0 <= failures <= n.
double upper_bound(const Estimate& estimate, double confidence);
double lower_bound(const Estimate& estimate, double confidence);

/// P(at most `failures` failures | true rate = rate): the p-value against "the rate is `rate` or
/// more", and of its opposite P(at least `failures`).
double p_value_of_at_most(const Estimate& estimate, double rate);
double p_value_of_at_least(const Estimate& estimate, double rate);

/// Two-sided exact interval (Clopper and Pearson 1934) of a rate of which `hits` out of n were
/// seen: each side errs with probability at most (1 - confidence)/2. Without a trial [0, 1].
/// @throws std::invalid_argument unless 0 <= hits <= n and 0 < confidence < 1.
Interval rate_interval(int64_t hits, int64_t n, double confidence);

/// Bounds of the win rate P(win) + P(tie)/2 of n independent trials, each of which errs with
/// probability at most alpha: what two one-sided tests at level alpha ask for. Exact and, where
/// ties are few, wider than it need be: wins and losses are bounded each at alpha/2
/// (Clopper-Pearson, Bonferroni). Without a trial [0, 1].
/// @throws std::invalid_argument unless wins, losses >= 0, wins + losses <= n and 0 < alpha < 1.
Interval win_rate_bounds(int64_t wins, int64_t losses, int64_t n, double alpha);

}  // namespace assay::statistics
