#pragma once
// An explained input on a terminal.

#include "tasks/task.h"
#include "tools/explained.h"
#include "tools/terminal.h"

namespace assay::tools {

/// The input once per method, coloured by score, what it comes to in a sentence, then a table of
/// features by methods. @param task  null where there is none.
void print_explained(const ExplainedInput& input, const tasks::Task* task, const Console& console);

}  // namespace assay::tools
