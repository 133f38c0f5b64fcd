#include "interp/bootstrap.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::interp {
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
  return {interval.low, interval.high};
}

void require_confidence(double confidence) {
  if (!(confidence > 0 && confidence < 1))
    throw std::invalid_argument(
        fmt::format("confidence: expected a number between 0 and 1, got {}", confidence));
}

Interval percentile_interval(std::vector<double> values, double confidence) {
  require_confidence(confidence);
  std::erase_if(values, [](double value) { return std::isnan(value); });
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {kNaN, kNaN};
  std::ranges::sort(values);
  return {quantile(values, (1 - confidence) / 2), quantile(values, (1 + confidence) / 2)};
}

at::Tensor draw_resample(Engine& engine, int64_t n) {
  at::Tensor counts = at::zeros({n}, torch::kFloat64);
  double* count = counts.data_ptr<double>();
  for (int64_t i = 0; i < n; ++i) ++count[draw_below(engine, n)];
  return counts;
}

Interval mean_interval(const std::vector<double>& values, const Bootstrap& bootstrap) {
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); }))
    throw std::invalid_argument("interval of a mean: NaN among the values");
  const auto n = static_cast<int64_t>(values.size());
  const at::Tensor shares = torch::tensor(values, torch::kFloat64) / static_cast<double>(n);
  Engine engine(bootstrap.seed);
  std::vector<double> means;
  for (int64_t i = 0; n > 0 && i < bootstrap.resamples; ++i)
    means.push_back(at::dot(shares, draw_resample(engine, n)).item<double>());
  return percentile_interval(means, bootstrap.confidence);
}

}  // namespace assay::interp
