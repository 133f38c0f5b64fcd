#pragma once
// Options that come from the task registry: `assay train TASK` and `assay derive TASK` have one
// nested subcommand per task.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "interp/adapters/model_file.h"
#include "tasks/registry.h"
#include "tools/commands.h"

namespace assay::tools {

/// What the model file says it was trained for; settings may fill in where it says nothing.
/// @param metadata  of the model file. @throws std::invalid_argument for an unknown task, and where
///   the model was trained for another one.
std::unique_ptr<tasks::Task> task_for_model(const nlohmann::json& metadata, const std::string& name,
                                            const tasks::Settings& given = {});

/// The same where the task need not be named: it is the one that the model file names, or else that
/// of the inputs in `data` (tasks/data_task.h).
/// @param name, data  what was asked for, or empty.
/// @throws std::invalid_argument also where nothing names one; std::runtime_error for inputs that
///   cannot be read.
std::unique_ptr<tasks::Task> task_of_model(const interp::LoadedModel& model,
                                           const std::string& name,
                                           const std::filesystem::path& data = {});

/// Adds one option each, of the type of its default. What the command line gives lands in `given`,
/// which must outlive the app.
void add_options(CLI::App& app, const std::vector<interp::Option>& options,
                 interp::OptionValues& given);

/// The options of all entries, each flag once: for a command whose `--method` chooses an entry.
template <class Entry>
std::vector<interp::Option> options_of_all(const interp::Registry<Entry>& entries) {
  std::vector<interp::Option> all;
  for (const Entry& entry : entries)
    for (const interp::Option& option : entry.options)
      if (std::ranges::count(all, option.flag, &interp::Option::flag) == 0) all.push_back(option);
  return all;
}

/// `exact, eap or acdc`, for help.
std::string either(const std::vector<std::string>& names);
template <class Entry>
std::string names_in(const interp::Registry<Entry>& entries) {
  return either(interp::names_of(entries));
}

/// Makes one nested subcommand with `add` for each task that `serves`; the command line must name
/// one of them.
Command for_each_task(
    CLI::App& app, const std::function<bool(const tasks::TaskEntry& entry)>& serves,
    const std::function<Command(CLI::App& app, const tasks::TaskEntry& entry)>& add);

/// What the tasks have names for, each name once: for options that are typed before the task is
/// known.
std::vector<std::string> names_in_tasks(
    const std::function<std::vector<std::string>(const tasks::Task& task)>& names);

/// `two-sat, clauses 10, variables 5`
std::string describe(const tasks::Task& task);

}  // namespace assay::tools
