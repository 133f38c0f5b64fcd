#pragma once
// Scores made into importances: how much of each feature counts as important, from 0 to 1.

#include <ATen/core/Tensor.h>

namespace assay::interp::attribution {

/// What speaks for the target, in shares that sum to 1; what speaks against it counts 0. If nothing
/// speaks for it, all are 0. float64 [features].
/// @throws std::invalid_argument for scores that are not finite.
at::Tensor importances(const at::Tensor& scores);

/// Importances in the same proportions that sum to `mass` features, none above 1: min(1, c · a_i).
/// Peaked scores and flat ones are comparable only at equal mass, since metrics reward the sum
/// (arXiv 2601.03089). Once all that is important counts fully, the rest is shared by the others.
/// @throws std::invalid_argument as require_importances(), and unless 0 <= mass <= features.
at::Tensor with_mass(const at::Tensor& importances, double mass);

/// 1 for the ⌊ratio · n⌋ features of the largest scores, 0 for the others; the earlier of equal
/// ones first.
/// @throws std::invalid_argument for NaN, and unless 0 <= ratio <= 1.
at::Tensor top_share(const at::Tensor& scores, double ratio);

/// @throws std::invalid_argument for importances that are NaN, negative or above 1.
void require_importances(const at::Tensor& importances);

}  // namespace assay::interp::attribution
