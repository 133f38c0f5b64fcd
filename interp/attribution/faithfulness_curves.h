#pragma once
// Insertion and deletion: the target's value as features come in the order of their scores, and as
// they go.

#include <ATen/core/Tensor.h>

#include <vector>

#include "interp/attribution/faithfulness.h"
#include "interp/attribution/game.h"

namespace assay::interp::attribution {

struct FaithfulnessCurves {
  std::vector<double> insertion;  ///< value of the k features of the largest scores, k = 0 … n
  std::vector<double> deletion;   ///< value of all features but these
  double insertion_area = 0;  ///< mean height, by the trapezoidal rule over k/n: high is faithful
  double deletion_area = 0;   ///< low is faithful
};

/// Petsiuk et al. 2018, over any game. Of equal scores the earlier comes (goes) first.
/// @param scores  [features]. @throws std::invalid_argument for NaN.
FaithfulnessCurves faithfulness_curves(const Game& game, const at::Tensor& scores);

/// The hard metrics at ⌊ratio · n⌋ features (DeYoung et al. 2020, in the form of faithfulness.h),
/// read off the curves: d is the absolute difference of values.
/// @throws std::invalid_argument unless 0 <= ratio <= 1.
Faithfulness hard_faithfulness(const FaithfulnessCurves& curves, double ratio);

}  // namespace assay::interp::attribution
