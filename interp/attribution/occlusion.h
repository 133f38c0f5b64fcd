#pragma once
// Exact occlusion: what one feature contributes, the others being as they are. It is the reference
// that sampled methods are measured against.

#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// `replacement`: the target's value minus its mean over everything that the replacer may put in
/// the feature's place. Where that cannot be listed (`sampled` in the diagnostics), the mean over
/// equally many draws per feature, as many as the budget of rows allows, with standard errors.
/// Features that are not eligible score 0. `deletion`: the value minus that of the sequence without
/// the feature.
Method occlusion_method();

}  // namespace assay::interp::attribution
