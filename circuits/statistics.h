#pragma once
// What a finite sample says: intervals, exact p-values, corrections for families of tests.

#include <cstdint>
#include <string>
#include <vector>

#include "interp/bootstrap.h"

namespace assay::circuits {

/// Two-sided exact interval (Clopper and Pearson 1934) of a rate of which `hits` out of n were
/// seen: each side errs with probability at most (1 - confidence)/2. Without a trial [0, 1].
/// @throws std::invalid_argument unless 0 <= hits <= n and 0 < confidence < 1.
interp::Interval rate_interval(int64_t hits, int64_t n, double confidence);

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
