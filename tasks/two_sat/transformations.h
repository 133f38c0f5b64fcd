#pragma once
// Changes of a formula that leave its answer as it is.

#include <vector>

#include "tasks/task.h"

namespace assay::tasks::two_sat {

/// `swap-literals`, `permute-clauses`, `rename-variables`, `flip-sign`. The last three give
/// formulas of the sampler's form, lower-numbered variable first, so that they come from the
/// distribution that the network was trained on; the first gives others.
std::vector<Transformation> transformations(int64_t variables);

}  // namespace assay::tasks::two_sat
