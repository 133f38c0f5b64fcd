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

/// Bounds of the win rate P(win) + P(tie)/2 of n independent trials, each of which errs with
/// probability at most alpha: what two one-sided tests at level alpha ask for. Exact and, where
/// ties are few, wider than it need be: wins and losses are bounded each at alpha/2
/// (Clopper-Pearson, Bonferroni). Without a trial [0, 1].
/// @throws std::invalid_argument unless wins, losses >= 0, wins + losses <= n and 0 < alpha < 1.
interp::Interval win_rate_bounds(int64_t wins, int64_t losses, int64_t n, double alpha);

/// (1 + hits)/(1 + draws): the observed value is one of the exchangeable ones, so that no finite
/// number of draws gives a p-value of 0 (Phipson and Smyth 2010).
double permutation_p_value(int64_t hits, int64_t draws);

/// Most hits with which a permutation test of so many draws still rejects at this level; -1: none,
/// since even its smallest p-value 1/(1 + draws) is larger.
int64_t rejecting_hits(int64_t draws, double alpha);

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
