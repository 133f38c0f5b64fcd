#pragma once
// How much a figure would move with other inputs of the same kind. All of this supposes that the
// inputs are independent draws from one distribution.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "interp/random_draws.h"

namespace assay::interp {

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

/// One bootstrap resample of n inputs: how often each was drawn. float64 [n], sum n.
at::Tensor draw_resample(Engine& engine, int64_t n);

struct Bootstrap {
  int64_t resamples = 1000;  ///< 0: Student's t alone
  double confidence = 0.95;
  uint64_t seed = 0;
};

/// Interval of the mean of independent values by the studentised bootstrap (bootstrap-t; Efron and
/// Tibshirani 1993, Section 12.5): quantiles of (resample's mean - mean) / (resample's standard
/// error) stand where Student's t has its own. A resample's variance is pooled with the sample's at
/// the weight of one value, so that resamples of equal values, which are many where values are few
/// or rarely differ, stay finite; and on each side the wider one of bootstrap and Student's t is
/// taken. How often it misses is in docs/methods.md.
/// kNoInterval for fewer than two values and where all are equal.
/// @throws std::invalid_argument for NaN or infinity among the values (an undefined figure must be
///   counted, not averaged away), for resamples < 0, and unless 0 < confidence < 1.
Interval mean_interval(const std::vector<double>& values, const Bootstrap& bootstrap = {});

/// Interval of (mean of numerators) / (mean of denominators), for pairs that are independent of
/// each other: all ratios ρ for which the mean of numerator - ρ · denominator is not told apart
/// from 0 (Fieller 1954), by the studentised bootstrap as in mean_interval(), which is the case of
/// denominators 1. Both ends are infinite where the mean of the denominators is not told apart
/// from 0. kNoInterval also where that mean is 0.
/// @throws std::invalid_argument as mean_interval(), and for unequal numbers of values.
Interval ratio_interval(const std::vector<double>& numerators,
                        const std::vector<double>& denominators, const Bootstrap& bootstrap = {});

}  // namespace assay::interp
