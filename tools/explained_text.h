#pragma once
// An explained input on a terminal.

#include "tools/explained.h"
#include "tools/terminal.h"

namespace assay::tools {

/// The input once per method, coloured by score, then a table of features by methods.
void print_explained(const ExplainedInput& input, const Console& console);

}  // namespace assay::tools
