#pragma once
// Options that come from the task registry: `assay train TASK` and `assay derive TASK` have one
// nested subcommand per task.

#include <functional>
#include <string>
#include <vector>

#include "tasks/registry.h"
#include "tools/commands.h"

namespace assay::tools {

/// What the model file says it was trained for; settings may fill in where it says nothing.
/// @param metadata  of the model file. @throws std::invalid_argument for an unknown task, and where
///   the model was trained for another one.
std::unique_ptr<tasks::Task> task_for_model(const nlohmann::json& metadata, const std::string& name,
                                            const tasks::Settings& given = {});

/// The same where the task need not be named: it is the one that the model file names.
/// @param name  what was asked for, or empty.
/// @throws std::invalid_argument also where neither names one.
std::unique_ptr<tasks::Task> task_of_model(const nlohmann::json& metadata, const std::string& name);

/// Adds one option per setting, of the kind of its default. What the command line gives lands in
/// `given`, which must outlive the app.
void add_settings(CLI::App& app, const std::vector<tasks::Setting>& settings,
                  tasks::Settings& given);

/// Makes one nested subcommand per task with `add`; the command line must name one of them.
Command for_each_task(
    CLI::App& app, const std::function<Command(CLI::App& app, const tasks::TaskEntry& entry)>& add);

/// What the tasks have names for, each name once: for options that are typed before the task is
/// known.
std::vector<std::string> names_in_tasks(
    const std::function<std::vector<std::string>(const tasks::TaskEntry& entry)>& names);

/// `two-sat, clauses 10, variables 5`
std::string describe(const tasks::Task& task);

}  // namespace assay::tools
