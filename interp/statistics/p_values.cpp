#include "interp/statistics/p_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace assay::statistics {
namespace {

// Indices of the p-values from the smallest to the largest.
std::vector<size_t> ascending(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p_values[i]; });
  return order;
}

}  // namespace

double permutation_p_value(int64_t hits, int64_t draws) {
  if (hits < 0 || hits > draws)
    throw std::invalid_argument(fmt::format("{} out of {}", hits, draws));
  return static_cast<double>(1 + hits) / static_cast<double>(1 + draws);
}

int64_t rejecting_hits(int64_t draws, double alpha) {
  auto hits = static_cast<int64_t>(alpha * static_cast<double>(1 + draws));
  while (hits >= 0 && permutation_p_value(hits, draws) > alpha) --hits;
  return hits;
}

double bonferroni(double confidence, int64_t m) {
  return 1 - (1 - confidence) / static_cast<double>(std::max<int64_t>(1, m));
}

// From the smallest p, times the number of those not smaller, never falling.
std::vector<double> holm(const std::vector<double>& p_values) {
  const std::vector<size_t> order = ascending(p_values);
  std::vector<double> adjusted(order.size());
  double running = 0;
  for (size_t step = 0; step < order.size(); ++step) {
    const double scaled = p_values[order[step]] * static_cast<double>(order.size() - step);
    running = std::max(running, std::min(1.0, scaled));
    adjusted[order[step]] = running;
  }
  return adjusted;
}

// From the largest p, times m/rank, never rising.
std::vector<double> benjamini_hochberg(const std::vector<double>& p_values) {
  const std::vector<size_t> order = ascending(p_values);
  const auto m = static_cast<double>(order.size());
  std::vector<double> adjusted(order.size());
  double running = 1;
  for (size_t rank = order.size(); rank > 0; --rank) {
    const size_t i = order[rank - 1];
    running = std::min(running, p_values[i] * m / static_cast<double>(rank));
    adjusted[i] = running;
  }
  return adjusted;
}

}  // namespace assay::statistics
