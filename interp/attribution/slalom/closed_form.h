#pragma once
// SLALOM's parameters from 2U - 1 questions (arXiv 2405.13536): a feature alone says its value, a
// pair says how attention is shared between the two. Exact where the model is a SLALOM.

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

using Sample = std::vector<int64_t>;  ///< features in order, with repetitions

/// Samples -> float64 [samples].
using SampleScorer = std::function<at::Tensor(const std::vector<Sample>& samples)>;

struct ClosedForm {
  Slalom model;
  Observations asked;
};

/// Asks for every feature alone, then for each with a partner: the feature of the smallest or of
/// the largest value, whichever is farther in value, and these two together. If all values are
/// equal, attention leaves no trace and the importances are 0. Where a pair's score is not between
/// the two values (the model is no SLALOM), the importances differ by 14, the most that is told
/// apart.
ClosedForm closed_form(const SampleScorer& score, int64_t n_features);

/// Pairs {a, b} observed together with a alone and b alone: how many there are, and how many score
/// outside the range of the two, by more than rounding. One of these proves that the model is no
/// SLALOM.
struct Betweenness {
  int64_t pairs = 0, violated = 0;
};
Betweenness betweenness(const Observations& data);

}  // namespace assay::interp::attribution::slalom
