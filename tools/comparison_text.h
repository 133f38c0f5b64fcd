#pragma once
// A comparison of methods on a terminal.

#include "tasks/comparison_summary.h"
#include "tools/terminal.h"

namespace assay::tools {

/// One table per thing that the scores are held against, and one of costs.
void print_comparison(const tasks::Comparison& comparison, const tasks::ComparisonSummary& summary,
                      const Console& console);

}  // namespace assay::tools
