#pragma once
// How much a figure would move with other inputs of the same kind: resampling with replacement.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "interp/random_draws.h"

namespace assay::interp {

struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};
nlohmann::ordered_json to_json(const Interval& interval);  ///< [low, high]

/// @throws std::invalid_argument unless 0 < confidence < 1.
void require_confidence(double confidence);

/// The middle `confidence` of a bootstrap's values (percentile interval, linear between order
/// statistics). NaNs are left out; of nothing at all both ends are NaN.
/// @throws std::invalid_argument unless 0 < confidence < 1.
Interval percentile_interval(std::vector<double> values, double confidence);

/// One bootstrap resample of n inputs: how often each was drawn. float64 [n], sum n.
at::Tensor draw_resample(Engine& engine, int64_t n);

struct Bootstrap {
  int64_t resamples = 1000;
  double confidence = 0.95;
  uint64_t seed = 0;
};
/// Percentile interval of the mean of independent values. NaN at both ends for no value.
/// @throws std::invalid_argument for NaN among the values (an undefined figure must be counted, not
///   averaged away), and unless 0 < confidence < 1.
Interval mean_interval(const std::vector<double>& values, const Bootstrap& bootstrap = {});

}  // namespace assay::interp
