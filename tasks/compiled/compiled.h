#pragma once
// The task `compiled`: what a program (program.h) computes. Its networks are made by compiler.h,
// and nothing about them is learned, so every part of the data is all of the program's inputs.

#include "tasks/registry.h"

namespace assay::tasks::compiled {

inline constexpr const char* kTask = "compiled";

/// The program that a task's setting `program` names: the JSON of a built-in program, or the
/// setting itself, read as JSON.
nlohmann::ordered_json program_of_setting(const std::string& setting);

/// Options: program {--program}.
TaskEntry entry();

}  // namespace assay::tasks::compiled
