#pragma once
// A mutation that knows what an answer is, but no task.

#include "circuits/interpretation/mutation.h"

namespace assay::tasks {

/// `answer-gamma`: gives a node a γ that writes one state for each answer, whatever the value: the
/// state that the old γ writes for some value that leads to that answer.
circuits::Mutation answer_gamma();

}  // namespace assay::tasks
