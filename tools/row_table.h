#pragma once
// All rows of a validation as lines for a terminal, within 80 columns unless names are long. Claim
// and verdict stand in columns of their own, so that `grep -c ✗` counts violations.

#include <functional>
#include <string>
#include <vector>

#include "axioms/report.h"
#include "tasks/task.h"
#include "tools/terminal.h"

namespace assay::tools {

/// Where a run ends when it is decided, `at most` holds wherever that is; in a wide terminal stands
/// beside it what would be known had so many inputs been fixed in advance.
/// @param width  columns that there are: names and rules for equality are cut to it.
std::vector<std::string> row_lines(const axioms::Report& report, const tasks::Task& task,
                                   size_t width, const Console& console);

}  // namespace assay::tools
