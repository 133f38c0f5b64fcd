#pragma once
// The task `compiled`: what a program (program.h) computes. Its networks are made by compiler.h,
// and nothing about them is learned, so every part of the data is all of the program's inputs.

#include "tasks/registry.h"

namespace assay::tasks::compiled {

inline constexpr const char* kTask = "compiled";

/// Options: program {--program}.
TaskEntry entry();

}  // namespace assay::tasks::compiled
