#pragma once
// The tasks, operations and mutations that exist: explicit lists of our own, which loaded objects
// add to. No registration by side effect.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "circuits/interpretation/mutation.h"
#include "circuits/interpretation/operations.h"
#include "interp/registry.h"
#include "tasks/task.h"

namespace assay::tasks {

using interp::Option;
using interp::Preset;

struct TaskEntry {
  std::string name;
  std::string help;
  std::vector<Option> options = {};     ///< Settings that make one task out of the family
  std::vector<Option> derivation = {};  ///< of DeriveConfig::options
  std::vector<Preset> presets = {};     ///< of Recipes; the first is the default
  /// @param settings  complete. @throws std::invalid_argument for values out of range.
  std::function<std::unique_ptr<Task>(const Settings& settings)> make = {};
};
interp::Registry<TaskEntry>& task_entries();

/// Settings not given take their defaults.
/// @throws std::invalid_argument for an unknown task or setting, or a value out of range.
std::unique_ptr<Task> make_task(const std::string& name, const Settings& settings = {});
std::unique_ptr<Task> task_from_json(const nlohmann::json& json);  ///< of Task::to_json()

/// The generic operations, those of our tasks, and what was loaded.
circuits::Operations& operations();
/// With the compositions of them (circuits/interpretation/composition.h): what interpretations are
/// compiled with.
circuits::Operations all_operations();

/// Every way to make a wrong claim out of a right one: the generic mutations, `answer-gamma`, those
/// of our tasks (Mutation::task), and what was loaded.
interp::Registry<circuits::Mutation>& mutations();

}  // namespace assay::tasks
