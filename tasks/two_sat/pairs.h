#pragma once
// Pairs of formulas that differ as little as can be and have different answers.

#include <cstdint>

#include "circuits/components/counterfactuals.h"
#include "sat2/sampler.h"

namespace assay::tasks::two_sat {

/// Pairs first … first + count - 1 of an endless, indexed stream. One formula of a pair is drawn by
/// the sampler; the other differs in one literal, or, if no literal turns the answer around, in one
/// clause (and may lie in any part of the dataset). A fair coin says whether `clean` is the
/// satisfiable one. Formulas that no single clause can turn around are passed over.
circuits::Counterfactuals pairs(const sat2::SamplerSettings& settings, sat2::Split split,
                                uint64_t seed, int64_t first, int64_t count);

}  // namespace assay::tasks::two_sat
