#include "circuits/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "interp/names.h"

namespace assay::circuits {
namespace {

using Binomial = boost::math::binomial_distribution<double>;

const interp::Names<Correction> kCorrections = {
    {Correction::Holm, "holm"}, {Correction::BenjaminiHochberg, "benjamini-hochberg"}};

void require_counts(int64_t hits, int64_t n) {
  if (hits < 0 || hits > n) throw std::invalid_argument(fmt::format("{} out of {}", hits, n));
}

void require_epsilon(double epsilon) {
  if (!(epsilon >= 0 && epsilon < 0.5))
    throw std::invalid_argument(
        fmt::format("epsilon: expected a number in [0, 0.5), got {}", epsilon));
}

// P(K <= k) and P(K >= k) of n trials.
double at_most(int64_t k, int64_t n, double p) {
  if (k < 0) return 0;
  return boost::math::cdf(Binomial(static_cast<double>(n), p), static_cast<double>(k));
}

double at_least(int64_t k, int64_t n, double p) {
  if (k <= 0) return 1;
  return boost::math::cdf(
      boost::math::complement(Binomial(static_cast<double>(n), p), static_cast<double>(k - 1)));
}

}  // namespace

interp::Interval rate_interval(int64_t hits, int64_t n, double confidence) {
  require_counts(hits, n);
  interp::require_confidence(confidence);
  const double side = (1 - confidence) / 2;
  const auto trials = static_cast<double>(n), successes = static_cast<double>(hits);
  return {hits == 0 ? 0 : Binomial::find_lower_bound_on_p(trials, successes, side),
          hits == n ? 1 : Binomial::find_upper_bound_on_p(trials, successes, side)};
}

double sign_test(int64_t wins, int64_t n, double epsilon) {
  require_counts(wins, n);
  require_epsilon(epsilon);
  const int64_t fewer = std::min(wins, n - wins);
  if (2 * fewer == n) return 1;  // nothing is nearer to n/2
  return std::min(1.0, at_most(fewer, n, 0.5 + epsilon) + at_least(n - fewer, n, 0.5 + epsilon));
}

double equivalence_p_value(int64_t wins, int64_t n, double epsilon) {
  require_counts(wins, n);
  require_epsilon(epsilon);
  if (n == 0) return 1;
  return std::max(at_most(wins, n, 0.5 + epsilon), at_least(wins, n, 0.5 - epsilon));
}

double permutation_p_value(int64_t hits, int64_t draws) {
  require_counts(hits, draws);
  return static_cast<double>(1 + hits) / static_cast<double>(1 + draws);
}

std::string to_string(Correction correction) {
  return interp::name_of(correction, kCorrections);
}

Correction parse_correction(const std::string& name) {
  return interp::value_of(name, kCorrections, "correction");
}

// Both step through the p-values in order: Holm from the smallest, p times the number of those not
// smaller, never falling; Benjamini-Hochberg from the largest, p·m/rank, never rising.
std::vector<double> adjusted(const std::vector<double>& p_values, Correction correction) {
  const size_t m = p_values.size();
  std::vector<size_t> order(m);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p_values[i]; });
  std::vector<double> result(m);
  double running = correction == Correction::Holm ? 0 : 1;
  for (size_t step = 0; step < m; ++step) {
    if (correction == Correction::Holm) {
      const size_t i = order[step];
      running = std::max(running, std::min(1.0, p_values[i] * static_cast<double>(m - step)));
      result[i] = running;
    } else {
      const size_t rank = m - step, i = order[rank - 1];
      running = std::min(running, p_values[i] * static_cast<double>(m) / static_cast<double>(rank));
      result[i] = running;
    }
  }
  return result;
}

}  // namespace assay::circuits
