#include "interp/statistics/sequential.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/tools/fraction.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace assay::statistics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTiny = 1e-280;  // numbers below lose digits, or are 0
constexpr int64_t kMostInputs = 1'000'000'000;

/// A rate and what it leaves of 1, each with all its digits.
struct Rate {
  double x, rest;
};

void require(const Estimate& estimate, double rate) {
  if (estimate.failures < 0 || estimate.failures > estimate.n)
    throw std::invalid_argument(
        fmt::format("estimate: {} failures out of {}", estimate.failures, estimate.n));
  if (!(rate >= 0 && rate <= 1))
    throw std::invalid_argument(fmt::format("rate: expected a number from 0 to 1, got {}", rate));
}

/// Coefficients of the continued fraction of the incomplete beta function (DLMF 8.17.22).
class BetaFraction {
 public:
  using result_type = std::pair<double, double>;

  BetaFraction(double a, double b, double x) : a_(a), b_(b), x_(x) {}

  result_type operator()() {
    const double i = i_++, m = std::floor(i / 2), at = a_ + i;
    if (i == 0) return {1, 1};
    const double term = i == 2 * m ? m * (b_ - m) : -(a_ + m) * (a_ + b_ + m);
    return {term * x_ / ((at - 1) * at), 1};
  }

 private:
  double a_, b_, x_, i_ = 0;
};

// ln of B(x; a, b) / (x^(a-1) (1-x)^(b-1)): the distribution function of Beta(a, b) over its
// density. The ratio is harmless where both are not. Far below the mean they underflow together,
// and the ratio is x (1 - x)/a times a continued fraction that converges in a few terms; far above
// it the one is 1, and the other's logarithm is at hand.
double log_tail_over_density(double a, double b, const Rate& at) {
  const bool low = at.x <= at.rest;  // the smaller of the two numbers has more digits
  const double tail = low ? boost::math::ibeta(a, b, at.x) : boost::math::ibetac(b, a, at.rest);
  if (tail < kTiny) {
    BetaFraction terms(a, b, at.x);
    const double fraction =
        boost::math::tools::continued_fraction_a(terms, std::numeric_limits<double>::epsilon());
    return std::log(at.x) + std::log(at.rest) - std::log(a) + std::log(fraction);
  }
  const double density = low ? boost::math::ibeta_derivative(a, b, at.x)
                             : boost::math::ibeta_derivative(b, a, at.rest);
  if (density > kTiny) return std::log(tail) - std::log(density);
  return std::log(tail) + std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b) -
         (a - 1) * std::log(at.x) - (b - 1) * std::log(at.rest);
}

// ln M over the rates below `at`: hits speak against small rates, misses against large ones.
double log_evidence(int64_t hits, int64_t misses, const Rate& at, const MixingPrior& prior) {
  if (hits + misses == 0 || at.x <= 0) return 0;  // no rate is smaller
  if (at.rest <= 0) return misses > 0 ? kInfinity : -kInfinity;
  const auto seen = log_tail_over_density(prior.a + static_cast<double>(hits),
                                          prior.b + static_cast<double>(misses), at);
  return seen - log_tail_over_density(prior.a, prior.b, at);
}

/// The end of the rates that are not rejected, between one that is not and one that is.
template <typename Rejected>
double boundary(double kept, double rejected, const Rejected& is_rejected) {
  while (std::abs(rejected - kept) > 1e-12 * std::max(rejected, kept) &&
         std::max(rejected, kept) > 1e-15) {
    const double middle = kept + (rejected - kept) / 2;
    if (middle == kept || middle == rejected) break;
    (is_rejected(middle) ? rejected : kept) = middle;
  }
  return rejected;
}

}  // namespace

double log_evidence_against_at_least(const Estimate& estimate, double rate,
                                     const MixingPrior& prior) {
  require(estimate, rate);
  return log_evidence(estimate.failures, estimate.n - estimate.failures, {rate, 1 - rate}, prior);
}

double log_evidence_against_at_most(const Estimate& estimate, double rate,
                                    const MixingPrior& prior) {
  require(estimate, rate);
  return log_evidence(estimate.n - estimate.failures, estimate.failures, {1 - rate, rate},
                      {prior.b, prior.a});
}

double anytime_upper_bound(const Estimate& estimate, double confidence) {
  require_confidence(confidence);
  require(estimate, 0);
  if (estimate.failures == estimate.n) return 1;
  const double enough = -std::log1p(-confidence);
  return boundary(estimate.rate(), 1, [&](double rate) {
    return log_evidence_against_at_least(estimate, rate) >= enough;
  });
}

double anytime_lower_bound(const Estimate& estimate, double confidence) {
  require_confidence(confidence);
  require(estimate, 0);
  if (estimate.failures == 0) return 0;
  const double enough = -std::log1p(-confidence);
  return boundary(estimate.rate(), 0, [&](double rate) {
    return log_evidence_against_at_most(estimate, rate) >= enough;
  });
}

std::optional<int64_t> inputs_until_decided(const Estimate& estimate, double rate, double alpha) {
  require_confidence(1 - alpha);
  require(estimate, rate);
  if (estimate.n == 0) return std::nullopt;
  const double seen = estimate.rate(), enough = -std::log(alpha);
  const auto decided = [&](int64_t n) {
    const Estimate then{n, std::llround(seen * static_cast<double>(n))};
    return log_evidence_against_at_least(then, rate) >= enough ||
           log_evidence_against_at_most(then, rate) >= enough;
  };
  if (decided(estimate.n)) return estimate.n;
  int64_t too_few = estimate.n, many = estimate.n;
  while (!decided(many)) {
    if (many == kMostInputs) return std::nullopt;
    too_few = many;
    many = std::min(2 * many, kMostInputs);
  }
  while (many - too_few > std::max<int64_t>(1, many / 1000)) {
    const int64_t middle = too_few + (many - too_few) / 2;
    (decided(middle) ? many : too_few) = middle;
  }
  return many;
}

}  // namespace assay::statistics
