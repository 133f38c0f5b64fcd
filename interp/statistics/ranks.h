#pragma once
// How well one order agrees with another, or with what is known to matter.
//
// All of these count ties fairly: equal scores claim no order, so they are worth what a random
// order of them is worth on average. NaN is refused everywhere.

#include <cstdint>
#include <vector>

namespace assay::statistics {

/// Ranks 1 … n in ascending order, equal values sharing the mean of theirs.
/// @throws std::invalid_argument for NaN.
std::vector<double> average_ranks(const std::vector<double>& values);

/// Indices from the largest score to the smallest, the earlier of equal ones first.
/// @throws as average_ranks().
std::vector<int64_t> descending(const std::vector<double>& scores);

/// ⌊ratio · n⌋, not a rounding error less.
int64_t share_of(int64_t n, double ratio);

/// Spearman's rank correlation: Pearson's of the average ranks. NaN where either has no order at
/// all (constant, or fewer than two values).
/// @throws std::invalid_argument for unequal numbers of values and for NaN.
double spearman(const std::vector<double>& a, const std::vector<double>& b);

/// Area under the ROC curve: the probability that a relevant item scores above an irrelevant one,
/// ties counting one half (Mann and Whitney's U). NaN unless there are items of both kinds.
/// @throws as spearman().
double auroc(const std::vector<double>& scores, const std::vector<bool>& relevant);

/// Expected share of relevant items among the k with the largest scores, items that tie at the k-th
/// place being equally likely to be taken.
/// @throws as spearman(), and std::invalid_argument unless 1 <= k <= n.
double precision_at(int64_t k, const std::vector<double>& scores,
                    const std::vector<bool>& relevant);

}  // namespace assay::statistics
