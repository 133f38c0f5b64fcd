#pragma once
// The 2-SAT case study (arXiv 2407.13594): is a conjunction of two-literal clauses satisfiable?

#include "tasks/registry.h"
#include "tasks/task.h"

namespace assay::tasks::two_sat {

/// This task as a line of the registry.
TaskEntry entry();
/// `truth_table_programs` (programs.h) and `flipped_signs` (mutations.h).
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::two_sat
