#include "interp/statistics/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::statistics {
namespace {

constexpr double kRounding = 1e-12;  // relative: spreads below it are none

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Unbiased, of values around these means.
double covariance(const std::vector<double>& a, double mean_a, const std::vector<double>& b,
                  double mean_b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / static_cast<double>(a.size() - 1);
}

double largest_of(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

void require_numbers(const std::vector<double>& values) {
  if (std::ranges::any_of(values, [](double value) { return !std::isfinite(value); }))
    throw std::invalid_argument("interval: expected finite values, got NaN or infinity");
}

// Between which values the studentised mean of `deviations`, which sum to 0, lies in the middle
// `confidence` of samples of their kind.
Interval studentised_quantiles(const std::vector<double>& deviations, double variance,
                               const Bootstrap& bootstrap) {
  const auto n = static_cast<int64_t>(deviations.size());
  const auto count = static_cast<double>(n);
  Engine engine(bootstrap.seed);
  std::vector<double> studentised(bootstrap.resamples);
  for (double& t : studentised) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double value = deviations[draw_below(engine, n)];
      sum += value;
      squares += value * value;
    }
    const double mean = sum / count;
    const double own = std::max(0.0, squares - count * mean * mean);  // (n - 1) · variance
    t = mean / std::sqrt((own + variance) / (count * count));
  }
  const Interval drawn = percentile_interval(std::move(studentised), bootstrap.confidence);
  const double student =
      boost::math::quantile(boost::math::students_t(count - 1), (1 + bootstrap.confidence) / 2);
  return {std::fmin(drawn.low, -student), std::fmax(drawn.high, student)};
}

}  // namespace

std::vector<double> draw_resample(Engine& engine, int64_t n) {
  std::vector<double> counts(n);
  for (int64_t i = 0; i < n; ++i) ++counts[draw_below(engine, n)];
  return counts;
}

Interval mean_interval(const std::vector<double>& values, const Bootstrap& bootstrap) {
  return ratio_interval(values, std::vector<double>(values.size(), 1.0), bootstrap);
}

// With residuals r = numerator - ρ·denominator at the ratio ρ of the means, another ratio ρ + g has
// the studentised mean -g·B·√n / √(V_rr - 2g·V_rb + g²·V_bb), B the denominators' mean. It is q at
// the roots of (B² - k·V_bb)·g² + 2k·V_rb·g - k·V_rr, k = q²/n: the upper one for a low q.
Interval ratio_interval(const std::vector<double>& numerators,
                        const std::vector<double>& denominators, const Bootstrap& bootstrap) {
  require_confidence(bootstrap.confidence);
  if (bootstrap.resamples < 0)
    throw std::invalid_argument("bootstrap: expected at least 0 resamples");
  if (numerators.size() != denominators.size())
    throw std::invalid_argument(fmt::format("interval: {} numerators and {} denominators",
                                            numerators.size(), denominators.size()));
  require_numbers(numerators);
  require_numbers(denominators);
  if (numerators.size() < 2) return kNoInterval;
  const double sign = mean_of(denominators) < 0 ? -1 : 1;
  const double B = sign * mean_of(denominators), ratio = sign * mean_of(numerators) / B;
  if (B == 0) return kNoInterval;
  std::vector<double> residuals(numerators.size());
  for (size_t i = 0; i < residuals.size(); ++i)
    residuals[i] = sign * (numerators[i] - ratio * denominators[i]);
  const double rounding = kRounding * std::max(largest_of(numerators), largest_of(denominators));
  if (largest_of(residuals) <= rounding) return kNoInterval;

  const double V_rr = covariance(residuals, 0, residuals, 0);
  const double V_rb = sign * covariance(residuals, 0, denominators, sign * B);
  const double V_bb = covariance(denominators, sign * B, denominators, sign * B);
  const Interval q = studentised_quantiles(residuals, V_rr, bootstrap);
  const double widest = std::max(q.low * q.low, q.high * q.high);
  const auto n = static_cast<double>(residuals.size());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (B * B <= widest / n * V_bb) return {-kInfinity, kInfinity};
  const auto root = [&](double quantile, double side) {
    const double k = quantile * quantile / n, leading = B * B - k * V_bb;
    return (-k * V_rb + side * std::sqrt(k * k * V_rb * V_rb + leading * k * V_rr)) / leading;
  };
  return {ratio + root(q.high, -1), ratio + root(q.low, 1)};
}

}  // namespace assay::statistics
