#pragma once
// How much a figure would move with other inputs of the same kind. All of this supposes that the
// inputs are independent draws from one distribution.

#include <cstdint>
#include <vector>

#include "interp/statistics/interval.h"
#include "interp/statistics/random.h"

namespace assay::statistics {

/// One bootstrap resample of n inputs: how often each was drawn, n times together.
std::vector<double> draw_resample(Engine& engine, int64_t n);

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

}  // namespace assay::statistics
