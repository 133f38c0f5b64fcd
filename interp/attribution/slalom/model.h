#pragma once
// SLALOM, the softmax-linked additive log-odds model (arXiv 2405.13536): what attention without
// anything else computes. Each feature τ has a value v and an importance s, and a bag in which it
// stands n times scores
//     F̂ = Σ n e^s v / Σ n e^s,
// so it lies between the smallest and the largest value, and repeating a sequence changes nothing.

#include <ATen/core/Tensor.h>

#include <numbers>
#include <vector>

#include "interp/attribution/slalom/bags.h"

namespace assay::interp::attribution::slalom {

struct Slalom {
  at::Tensor value;       ///< float64 [features]: F̂ of the feature alone
  at::Tensor importance;  ///< float64 [features]: differences are log odds of attention

  int64_t size() const { return value.size(0); }
};

/// Part of the attention that all occurrences of each feature in the bag get; they sum to 1.
std::vector<double> shares(const Slalom& model, const Bag& bag);

double predict(const Slalom& model, const Bag& bag);
at::Tensor predict(const Slalom& model, const Bags& bags);  ///< float64 [rows]

/// Adding a constant to all importances changes no prediction. This takes the mean over the first
/// `n` of them away from all.
Slalom centred(const Slalom& model, int64_t n);

/// Larger importances, of either sign, are not told apart: beside a feature of importance 0, a
/// share of 2^-24 is lost in the rounding of float32 scores.
constexpr double kMostImportance = 24 * std::numbers::ln2;
/// With importances cut off there. Where one of two features decides alone, or the two together
/// score outside the range of their values, the best importances are infinite.
Slalom bounded(const Slalom& model);
/// Importances at the bound: data say their sign, and not how large they are.
int64_t n_at_bound(const Slalom& model);

double mean_squared_error(const Slalom& model, const Observations& data);

/// The best values under given importances, by least squares; those of smallest norm where the data
/// leave a choice. @param importance  float64 [n_features].
Slalom fit_values(const Observations& data, const at::Tensor& importance);
/// … with all importances 0: a bag scores the mean of its values.
Slalom mean_of_values(const Observations& data);

}  // namespace assay::interp::attribution::slalom
