#pragma once
// How well one order agrees with another, or with what is known to matter.
//
// All of these count ties fairly: equal scores claim no order, so they are worth what a random
// order of them is worth on average. NaN is refused everywhere.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace assay::interp::attribution {

/// Ranks 1 … n in ascending order, equal values sharing the mean of theirs. float64 [n].
/// @throws std::invalid_argument for NaN or anything but one axis.
at::Tensor average_ranks(const at::Tensor& values);

/// Indices from the largest score to the smallest, the earlier of equal ones first. int64 [n].
/// @throws as average_ranks().
at::Tensor descending(const at::Tensor& scores);

/// ⌊ratio · n⌋, not a rounding error less.
int64_t share_of(int64_t n, double ratio);

/// Spearman's rank correlation: Pearson's of the average ranks. NaN where either has no order at
/// all (constant, or fewer than two values).
/// @param a, b  [n]. @throws std::invalid_argument for other shapes and for NaN.
double spearman(const at::Tensor& a, const at::Tensor& b);

/// Area under the ROC curve: the probability that a relevant item scores above an irrelevant one,
/// ties counting one half (Mann and Whitney's U). NaN unless there are items of both kinds.
/// @param scores  [n]. @param relevant  bool [n]. @throws as spearman().
double auroc(const at::Tensor& scores, const at::Tensor& relevant);

/// Expected share of relevant items among the k with the largest scores, items that tie at the k-th
/// place being equally likely to be taken.
/// @throws as spearman(), and std::invalid_argument unless 1 <= k <= n.
double precision_at(int64_t k, const at::Tensor& scores, const at::Tensor& relevant);

}  // namespace assay::interp::attribution
