#pragma once
// Failure rates with their bounds as intervals.

#include <vector>

#include "tools/page/axiom_rows.h"

namespace assay::tools::page {

/// One group of intervals per node, on a logarithmic axis that has an exact zero of its own.
/// @param exact  rates are ε itself: no intervals.
Json rates_chart(const std::vector<AxiomRow>& rows, bool exact);

}  // namespace assay::tools::page
