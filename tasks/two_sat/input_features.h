#pragma once
// What can be said of a formula, to find out on which formulas an interpretation fails.

#include "axioms/failing_regions.h"
#include "sat2/sampler.h"

namespace assay::tasks::two_sat {

/// Repeated clauses, clauses that share both variables, different variables, and the like; the
/// number of clauses only where it varies.
axioms::InputFeatures input_features(const sat2::SamplerSettings& sampler);

}  // namespace assay::tasks::two_sat
