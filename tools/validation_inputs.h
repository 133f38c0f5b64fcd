#pragma once
// What an interpretation is tested on: fresh inputs of a task, or those of a file.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "axioms/checker.h"
#include "tasks/task.h"

namespace assay::tools {

struct ValidationInputs {
  axioms::Inputs tokens;
  int64_t count = 0;
  std::string description;  ///< in words
  nlohmann::json facts;     ///< {source, count, sha256} and either {part, seed} or {path}
};

/// Inputs 0 … count-1 of the task's test part. `task` must outlive them.
/// @throws std::invalid_argument if the interpretation was fitted on the test part.
ValidationInputs fresh_inputs(const tasks::Task& task, int64_t count, uint64_t seed,
                              const nlohmann::json& fitted_on);

/// One input per line as text; blank lines and `#` comments are skipped.
/// @throws std::invalid_argument naming file and line of an input that cannot be read, for a file
///   without inputs, and if inputs are among those that the interpretation was fitted on.
ValidationInputs file_inputs(const tasks::Task& task, const std::filesystem::path& path,
                             const nlohmann::json& fitted_on);

}  // namespace assay::tools
