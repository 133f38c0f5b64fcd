#pragma once
// Every task that exists: one explicit list, no registration by side effect.

#include <memory>
#include <string>
#include <vector>

#include "circuits/interpretation/mutation.h"
#include "circuits/interpretation/operations.h"
#include "tasks/task.h"

namespace assay::tasks {

/// One of Settings, as a line of help. Its default tells its kind: a whole number, a number, or a
/// switch (false).
struct Setting {
  std::string name;    ///< `variables`
  std::string option;  ///< `--vars`
  std::string help;
  nlohmann::json value = 0;  ///< default
};

struct Preset {
  std::string name;
  std::string help;
  Settings settings;  ///< what it changes of the task's settings
};

struct TaskEntry {
  std::string name;
  std::string help;
  std::vector<Setting> settings;
  std::vector<Setting> derivation;  ///< of DeriveConfig::options
  std::vector<Preset> presets;      ///< the first is the default
  std::unique_ptr<Task> (*make)(const Settings& settings);
  /// Adds the operations that this task's interpretations use.
  void (*add_operations)(circuits::Operations& operations);
  std::vector<circuits::Mutation> mutations;  ///< of this task's interpretations, see mutations.h
};

const std::vector<TaskEntry>& task_entries();
/// @throws std::invalid_argument listing the tasks that exist.
const TaskEntry& task_entry(const std::string& name);

/// The settings given, and the defaults of the others.
/// @throws std::invalid_argument, beginning with `where`, for an unknown setting (listing those
///   that exist) or a value of another kind.
Settings complete(const std::vector<Setting>& known, const Settings& given,
                  const std::string& where);

/// Settings not given take their defaults.
/// @throws std::invalid_argument for an unknown task or setting, or a value out of range.
std::unique_ptr<Task> make_task(const std::string& name, const Settings& settings = {});
std::unique_ptr<Task> task_from_json(const nlohmann::json& json);  ///< of Task::to_json()

/// The generic operations, those of every task, and their compositions.
circuits::Operations all_operations();

}  // namespace assay::tasks
