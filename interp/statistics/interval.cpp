#include "interp/statistics/interval.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace assay::statistics {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

}  // namespace

nlohmann::ordered_json to_json(const Interval& interval) {
  if (!interval.exists()) return nullptr;
  const auto end = [](double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
  };
  return nlohmann::ordered_json::array({end(interval.low), end(interval.high)});
}

void require_confidence(double confidence) {
  if (!(confidence > 0 && confidence < 1))
    throw std::invalid_argument(
        fmt::format("confidence: expected a number between 0 and 1, got {}", confidence));
}

Interval percentile_interval(std::vector<double> values, double confidence) {
  require_confidence(confidence);
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return kNoInterval;
  std::ranges::sort(values);
  return {quantile(values, (1 - confidence) / 2), quantile(values, (1 + confidence) / 2)};
}

}  // namespace assay::statistics
