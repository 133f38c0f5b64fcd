#pragma once
// What each feature contributes on average when it is replaced together with others: the reading of
// a ReAGent run that converges, while its published score grows without end.

#include <ATen/core/Tensor.h>

#include <vector>

#include "interp/attribution/masks.h"

namespace assay::interp::attribution {

/// The rows of one run of masks, from its step 0 on.
struct MaskedRows {
  at::Tensor masks;    ///< bool [rows, features]: what was replaced
  at::Tensor effects;  ///< float64 [rows]: the value without replacements minus the value with them
};

struct MarginalEffects {
  at::Tensor mean;            ///< float64 [features]; 0 where nothing was learnt
  at::Tensor standard_error;  ///< float64 [features]; infinite where there is none yet
};

/// Bernoulli masks: mean effect of the rows that replace the feature minus that of the others, with
/// the variances of two independent samples.
///
/// Balanced masks: each complete cycle gives a feature one estimate, and cycles are averaged. In a
/// block of s out of n features, of effect D where the whole cycle has S, it is credited
///   D - (s - 1)/(n - s) · (S - D),
/// the block's effect without what s - 1 others have on average.
///
/// Both are unbiased for the weights of an additive model.
MarginalEffects marginal_effects(const MaskDesign& design, const std::vector<MaskedRows>& runs);

}  // namespace assay::interp::attribution
