#pragma once
// What an interpretation is tested on: fresh inputs of a task, all that it has, or those of a file.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "axioms/checker.h"
#include "axioms/report.h"
#include "tasks/task.h"

namespace assay::tools {

struct ValidationInputs {
  axioms::Inputs tokens;
  int64_t count = 0;
  std::string words;        ///< which ones: `80,000 fresh inputs (test part, seed 1)`
  std::string description;  ///< the same, with what else should be known of them
  nlohmann::json facts;     ///< a DataRecord (data_fields.h)
  axioms::Scope scope = axioms::Scope::Distribution;

  /// The first n of them.
  ValidationInputs first(int64_t n) const {
    ValidationInputs part = *this;
    part.count = n;
    return part;
  }
};

/// Inputs 0 … count-1 of the task's test part. `task` must outlive them.
/// @throws std::invalid_argument if the interpretation was fitted on the test part, or, in a finite
///   domain, on any of these inputs.
ValidationInputs fresh_inputs(const tasks::Task& task, int64_t count, uint64_t seed,
                              const nlohmann::json& fitted_on);

/// Every input of a finite domain, once: `all`, `unseen` (not trained on) or `test`; or, where the
/// task's inputs are too many, of a domain of its specification that can be listed (`up-to-3`). All
/// of them may include those fitted on, and the description says how many; `unseen` and `test` may
/// not.
/// @throws std::invalid_argument for another set, a task whose inputs cannot be listed, an empty
///   set, and if the interpretation was fitted on any of `unseen` or `test`.
ValidationInputs listed_inputs(const tasks::Task& task, const std::string& set,
                               const nlohmann::json& fitted_on);

/// One input per line as text; blank lines and `#` comments are skipped. Lines count as they stand;
/// how many are distinct, and how many no dataset of the task holds, is said.
/// @param independent  the user states that the lines are independent draws from one distribution;
///   otherwise they are a list, and nothing is bounded.
/// @throws std::invalid_argument naming file and line of an input that cannot be read, for a file
///   without inputs, and if inputs are among those that the interpretation was fitted on.
ValidationInputs file_inputs(const tasks::Task& task, const std::filesystem::path& path,
                             bool independent, const nlohmann::json& fitted_on);

}  // namespace assay::tools
