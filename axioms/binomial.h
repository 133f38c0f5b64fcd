#pragma once
// Exact binomial statistics (Boost.Math): what a number of failures says about the rate behind it.

#include <cstdint>
#include <vector>

namespace assay::axioms {

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

/// Bonferroni: the confidence that each of m bounds needs so that all hold together with
/// `confidence`.
double bonferroni(double confidence, int64_t m);

/// Holm's step-down adjusted p-values, in the order given: rejecting those at most α keeps the
/// probability of any false rejection at most α, whatever the dependence (Holm 1979).
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace assay::axioms
