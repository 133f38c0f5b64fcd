#pragma once
// Facts computed from weights and activations that support the interpretation of modular addition,
// or speak against it. All but the first are taken over all p² pairs.

#include <vector>

#include "tasks/modular_addition/fourier.h"
#include "tasks/modular_addition/observations.h"
#include "tasks/task.h"

namespace assay::tasks::modular_addition {

/// A function on pairs, restricted to sums of cos w_k(a + b) and sin w_k(a + b).
/// @param values  [p², any], pairs in the order of a·p + b; @return the same shape, float64.
at::Tensor along_sums(const at::Tensor& values, int64_t p, const std::vector<int64_t>& frequencies);

/// Share of each column's variance that one frequency explains: the best frequency's, and which one
/// that is. A column of frequency k is a sum of products of 1, cos w_k, sin w_k of a with those of
/// b.
/// @param values  [p², columns]
struct ColumnFrequencies {
  at::Tensor share;      ///< float64 [columns]; 0 for a constant column
  at::Tensor frequency;  ///< int64 [columns]
};
ColumnFrequencies column_frequencies(const at::Tensor& values, int64_t p);

/// Shares of the logits' variance over all pairs and c that functions of the key frequencies
/// explain. What all c have in common, and what all pairs have, is left out: no decision depends on
/// the one, and the other is no variance.
struct LogitShares {
  /// Σ_k of cos w_k(a + b - c), with a coefficient each.
  double differences = 0;
  /// Any sum of products of cos or sin w_k(a + b) with cos or sin w_k c. It exceeds `differences`
  /// as far as the network weighs cos·cos and sin·sin differently.
  double products = 0;
};
/// @param logits  [p², p]
LogitShares shares_of_logits(const at::Tensor& logits, int64_t p,
                             const std::vector<int64_t>& frequencies);

std::vector<Evidence> fourier_evidence(const interp::Transformer& model, int64_t p,
                                       const KeyFrequencies& key, const LinearMap& back);
std::vector<Evidence> sum_evidence(const Observations& all, int64_t p, const KeyFrequencies& key);
/// @param labels  of all pairs, int64 [p²]
std::vector<Evidence> answer_evidence(const interp::Transformer& model, const Observations& all,
                                      const at::Tensor& labels, int64_t p,
                                      const KeyFrequencies& key);

}  // namespace assay::tasks::modular_addition
