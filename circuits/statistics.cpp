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

}  // namespace

interp::Interval rate_interval(int64_t hits, int64_t n, double confidence) {
  require_counts(hits, n);
  interp::require_confidence(confidence);
  const double side = (1 - confidence) / 2;
  const auto trials = static_cast<double>(n), successes = static_cast<double>(hits);
  return {hits == 0 ? 0 : Binomial::find_lower_bound_on_p(trials, successes, side),
          hits == n ? 1 : Binomial::find_upper_bound_on_p(trials, successes, side)};
}

interp::Interval win_rate_bounds(int64_t wins, int64_t losses, int64_t n, double alpha) {
  require_counts(wins + losses, n);
  const interp::Interval won = rate_interval(wins, n, 1 - alpha);
  const interp::Interval lost = rate_interval(losses, n, 1 - alpha);
  return {(1 + won.low - lost.high) / 2, (1 + won.high - lost.low) / 2};
}

double permutation_p_value(int64_t hits, int64_t draws) {
  require_counts(hits, draws);
  return static_cast<double>(1 + hits) / static_cast<double>(1 + draws);
}

int64_t rejecting_hits(int64_t draws, double alpha) {
  auto hits = static_cast<int64_t>(alpha * static_cast<double>(1 + draws));
  while (hits >= 0 && permutation_p_value(hits, draws) > alpha) --hits;
  return hits;
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
