#pragma once
// Intervals, and those that are read off a sorted sample.

#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace assay::statistics {

/// Infinite ends say that nothing bounds the figure there.
struct Interval {
  double low = 0, high = 0;
  bool exists() const { return low <= high; }
  bool operator==(const Interval&) const = default;
};
/// Where the inputs tell nothing about the spread: fewer than two, or all alike.
inline constexpr Interval kNoInterval{std::numeric_limits<double>::quiet_NaN(),
                                      std::numeric_limits<double>::quiet_NaN()};
/// [low, high], an infinite end as null; null where there is no interval.
nlohmann::ordered_json to_json(const Interval& interval);

/// @throws std::invalid_argument unless 0 < confidence < 1.
void require_confidence(double confidence);

/// The middle `confidence` of values (linear between order statistics). Of resamples' means this is
/// no interval to trust, since it misses too often where values are skewed: see mean_interval().
/// NaNs are left out; of nothing at all both ends are NaN.
/// @throws std::invalid_argument unless 0 < confidence < 1.
Interval percentile_interval(std::vector<double> values, double confidence);

}  // namespace assay::statistics
