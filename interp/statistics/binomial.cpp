#include "interp/statistics/binomial.h"

#include <fmt/format.h>

#include <boost/math/distributions/binomial.hpp>
#include <stdexcept>

namespace assay::statistics {
namespace {

using Binomial = boost::math::binomial_distribution<double>;

void check(const Estimate& estimate, double confidence) {
  require_confidence(confidence);
  if (estimate.failures < 0 || estimate.failures > estimate.n)
    throw std::invalid_argument(
        fmt::format("estimate: {} failures out of {}", estimate.failures, estimate.n));
}

void require_counts(int64_t hits, int64_t n) {
  if (hits < 0 || hits > n) throw std::invalid_argument(fmt::format("{} out of {}", hits, n));
}

}  // namespace

double upper_bound(const Estimate& estimate, double confidence) {
  check(estimate, confidence);
  if (estimate.failures == estimate.n) return 1;
  return Binomial::find_upper_bound_on_p(static_cast<double>(estimate.n),
                                         static_cast<double>(estimate.failures), 1 - confidence);
}

double lower_bound(const Estimate& estimate, double confidence) {
  check(estimate, confidence);
  if (estimate.failures == 0) return 0;
  return Binomial::find_lower_bound_on_p(static_cast<double>(estimate.n),
                                         static_cast<double>(estimate.failures), 1 - confidence);
}

double p_value_of_at_most(const Estimate& estimate, double rate) {
  if (estimate.n == 0) return 1;
  return boost::math::cdf(Binomial(static_cast<double>(estimate.n), rate),
                          static_cast<double>(estimate.failures));
}

double p_value_of_at_least(const Estimate& estimate, double rate) {
  if (estimate.failures == 0) return 1;
  return boost::math::cdf(boost::math::complement(Binomial(static_cast<double>(estimate.n), rate),
                                                  static_cast<double>(estimate.failures - 1)));
}

Interval rate_interval(int64_t hits, int64_t n, double confidence) {
  require_counts(hits, n);
  require_confidence(confidence);
  const double side = (1 - confidence) / 2;
  const auto trials = static_cast<double>(n), successes = static_cast<double>(hits);
  return {hits == 0 ? 0 : Binomial::find_lower_bound_on_p(trials, successes, side),
          hits == n ? 1 : Binomial::find_upper_bound_on_p(trials, successes, side)};
}

Interval win_rate_bounds(int64_t wins, int64_t losses, int64_t n, double alpha) {
  require_counts(wins + losses, n);
  const Interval won = rate_interval(wins, n, 1 - alpha);
  const Interval lost = rate_interval(losses, n, 1 - alpha);
  return {(1 + won.low - lost.high) / 2, (1 + won.high - lost.low) / 2};
}

}  // namespace assay::statistics
