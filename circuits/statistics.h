#pragma once
// What a finite sample says: intervals, exact p-values, corrections for families of tests.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/random_draws.h"

namespace assay::circuits {

struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};
nlohmann::ordered_json to_json(const Interval& interval);  ///< [low, high]

/// Two-sided exact interval (Clopper and Pearson 1934) of a rate of which `hits` out of n were
/// seen: each side errs with probability at most (1 - confidence)/2. Without a trial [0, 1].
/// @throws std::invalid_argument unless 0 <= hits <= n and 0 < confidence < 1.
Interval rate_interval(int64_t hits, int64_t n, double confidence);

/// The middle `confidence` of a bootstrap's values (percentile interval, linear between order
/// statistics). NaNs are left out; of nothing at all both ends are NaN.
/// @throws std::invalid_argument unless 0 < confidence < 1.
Interval percentile_interval(std::vector<double> values, double confidence);

/// One bootstrap resample of n inputs: how often each was drawn. float64 [n], sum n.
at::Tensor draw_resample(Engine& engine, int64_t n);

/// Two-sided exact p-value of `wins` out of n against |P(win) - 1/2| <= epsilon: the largest
/// probability, over that null, of wins at least as far from n/2. It is attained at 1/2 ± epsilon,
/// since the count's distance from n/2 grows stochastically with |P - 1/2|. With epsilon = 0 this
/// is the sign test; without a trial it is 1.
/// @throws std::invalid_argument unless 0 <= wins <= n and 0 <= epsilon < 1/2.
double sign_test(int64_t wins, int64_t n, double epsilon = 0);

/// Exact p-value of `wins` out of n against |P(win) - 1/2| >= epsilon (two one-sided tests): small
/// where the rate is shown to lie within epsilon of 1/2, which a large sign_test() never shows.
double equivalence_p_value(int64_t wins, int64_t n, double epsilon);

/// (1 + hits)/(1 + draws): the observed value is one of the exchangeable ones, so that no finite
/// number of draws gives a p-value of 0 (Phipson and Smyth 2010).
double permutation_p_value(int64_t hits, int64_t draws);

enum class Correction {
  Holm,               ///< keeps the probability of any false rejection (Holm 1979)
  BenjaminiHochberg,  ///< keeps the expected share of false rejections (1995)
};
std::string to_string(Correction correction);  ///< `holm`, `benjamini-hochberg`
/// @throws std::invalid_argument listing the names.
Correction parse_correction(const std::string& name);

/// Adjusted p-values, in the order given: reject those at most α.
std::vector<double> adjusted(const std::vector<double>& p_values, Correction correction);

}  // namespace assay::circuits
