#pragma once
// What a report says of interchanges, for people.

#include "axioms/report.h"
#include "tools/terminal.h"

namespace assay::tools {

/// A table of the pairs, of those that change the program's answer, and of what happened in either;
/// then the unmapped parts, the worst first. Nothing if values were not exchanged.
void print_interchanges(const axioms::Report& report, const Console& console);

}  // namespace assay::tools
