#pragma once
// A validation report for people.

#include <string>
#include <vector>

#include "axioms/report.h"
#include "tasks/task.h"
#include "tools/terminal.h"

namespace assay::tools {

void print_report(const axioms::Report& report, const tasks::Task& task, const Console& console);

/// The claims by their verdicts, in one line: `violated: parse.PE, or.CE; undecided: evaluate.PE`.
/// Those that hold are counted. Empty without claims.
std::string conclusion(const axioms::Report& report);

/// Rates with as many decimals as the smallest one needs for two digits, four at least.
int decimals_for(const std::vector<axioms::ReportRow>& rows);

}  // namespace assay::tools
