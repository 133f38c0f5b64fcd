#pragma once
// Every way to make a wrong claim out of a right one.

#include <vector>

#include "circuits/interpretation/mutation.h"
#include "tasks/registry.h"

namespace assay::tasks {

/// The generic mutations, `answer-gamma`, and those of the task. `answer-gamma` gives a node a γ
/// that writes one state for each answer, whatever the value: the state that the old γ writes for
/// some value that leads to that answer.
std::vector<circuits::Mutation> all_mutations(const TaskEntry& entry);

}  // namespace assay::tasks
