#pragma once
// p-values of permutation tests, and what a family of tests makes of its p-values and bounds.

#include <cstdint>
#include <vector>

namespace assay::statistics {

/// (1 + hits)/(1 + draws): the observed value is one of the exchangeable ones, so that no finite
/// number of draws gives a p-value of 0 (Phipson and Smyth 2010).
/// @throws std::invalid_argument unless 0 <= hits <= draws.
double permutation_p_value(int64_t hits, int64_t draws);

/// Most hits with which a permutation test of so many draws still rejects at this level; -1: none,
/// since even its smallest p-value 1/(1 + draws) is larger.
int64_t rejecting_hits(int64_t draws, double alpha);

/// Bonferroni: the confidence that each of m bounds needs so that all hold together with
/// `confidence`.
double bonferroni(double confidence, int64_t m);

/// Holm's step-down adjusted p-values, in the order given: rejecting those at most α keeps the
/// probability of any false rejection at most α, whatever the dependence (Holm 1979).
std::vector<double> holm(const std::vector<double>& p_values);

/// Benjamini and Hochberg's step-up adjusted p-values, in the order given: rejecting those at most
/// α keeps the expected share of false rejections among all at most α, for independent and certain
/// positively dependent p-values (Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001).
std::vector<double> benjamini_hochberg(const std::vector<double>& p_values);

}  // namespace assay::statistics
