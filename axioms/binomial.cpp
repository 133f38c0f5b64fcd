#include "axioms/binomial.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <numeric>
#include <stdexcept>

namespace assay::axioms {
namespace {

using Binomial = boost::math::binomial_distribution<double>;

void check(const Estimate& estimate, double confidence) {
  if (!(confidence > 0 && confidence < 1))
    throw std::invalid_argument(
        fmt::format("confidence: expected a number between 0 and 1, got {}", confidence));
  if (estimate.failures < 0 || estimate.failures > estimate.n)
    throw std::invalid_argument(
        fmt::format("estimate: {} failures out of {}", estimate.failures, estimate.n));
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

double bonferroni(double confidence, int64_t m) {
  return 1 - (1 - confidence) / static_cast<double>(std::max<int64_t>(1, m));
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double running = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = p_values[order[rank]] * static_cast<double>(order.size() - rank);
    running = std::max(running, std::min(1.0, scaled));
    adjusted[order[rank]] = running;
  }
  return adjusted;
}

}  // namespace assay::axioms
