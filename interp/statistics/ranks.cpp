#include "interp/statistics/ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace assay::statistics {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

void require_order(const std::vector<double>& values) {
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); }))
    throw std::invalid_argument("ranks: NaN has no place in an order");
}

void require_as_many(size_t a, size_t b) {
  if (a != b) throw std::invalid_argument(fmt::format("ranks: {} values beside {}", a, b));
}

}  // namespace

std::vector<double> average_ranks(const std::vector<double>& values) {
  require_order(values);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double shared = static_cast<double>(first + 1 + last) / 2;  // ranks count from 1
    for (; first < last; ++first) ranks[order[first]] = shared;
  }
  return ranks;
}

std::vector<int64_t> descending(const std::vector<double>& scores) {
  require_order(scores);
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](int64_t i) { return scores[i]; });
  return order;
}

int64_t share_of(int64_t n, double ratio) {
  return static_cast<int64_t>(std::floor(ratio * static_cast<double>(n) + 1e-9));
}

// Ranks and their mean (n + 1)/2 are halves of whole numbers, so no sum rounds.
double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  require_as_many(a.size(), b.size());
  const std::vector<double> x = average_ranks(a), y = average_ranks(b);
  const double mean = static_cast<double>(x.size() + 1) / 2;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean, dy = y[i] - mean;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  const double scale = std::sqrt(xx) * std::sqrt(yy);
  return scale > 0 ? xy / scale : kUndefined;
}

double auroc(const std::vector<double>& scores, const std::vector<bool>& relevant) {
  require_as_many(scores.size(), relevant.size());
  const std::vector<double> ranks = average_ranks(scores);
  double positive = 0, sum = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    if (!relevant[i]) continue;
    sum += ranks[i];
    ++positive;
  }
  const double negative = static_cast<double>(ranks.size()) - positive;
  if (positive == 0 || negative == 0) return kUndefined;
  return (sum - positive * (positive + 1) / 2) / (positive * negative);
}

double precision_at(int64_t k, const std::vector<double>& scores,
                    const std::vector<bool>& relevant) {
  require_as_many(scores.size(), relevant.size());
  const std::vector<int64_t> order = descending(scores);
  if (k < 1 || k > std::ssize(order))
    throw std::invalid_argument(
        fmt::format("precision at k: expected k from 1 to {}, got {}", order.size(), k));
  const double threshold = scores[order[k - 1]];
  const auto above = std::ranges::count_if(scores, [&](double x) { return x > threshold; });
  const auto tied = std::ranges::count(scores, threshold);
  const double share =  // of the ties, that find a place
      static_cast<double>(k - above) / static_cast<double>(tied);
  double found = 0;
  for (size_t i = 0; i < scores.size(); ++i)
    if (relevant[i]) found += scores[i] > threshold ? 1 : scores[i] == threshold ? share : 0;
  return found / static_cast<double>(k);
}

}  // namespace assay::statistics
