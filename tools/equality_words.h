#pragma once
// When two values of a node count as the same, in words.

#include <string>

#include "axioms/report.h"
#include "tasks/task.h"

namespace assay::tools {

/// What completes "equal if", as the task says it, else as the operation does: `the same answer`.
std::string equality_words(const axioms::Report& report, const std::string& node,
                           const tasks::Task& task);

}  // namespace assay::tools
