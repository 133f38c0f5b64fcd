#include "tools/task_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "tools/numbers.h"

namespace assay::tools {

std::unique_ptr<tasks::Task> task_for_model(const nlohmann::json& metadata, const std::string& name,
                                            const tasks::Settings& given) {
  tasks::task_entry(name);  // refuses an unknown one
  if (!metadata.contains("task")) return tasks::make_task(name, given);
  auto task = tasks::task_from_json(metadata["task"]);
  if (task->name() != name) {
    throw std::invalid_argument(
        fmt::format("the model was trained for {}, not for {}", task->name(), name));
  }
  const tasks::Settings settings =
      tasks::complete(tasks::task_entry(name).settings, task->settings(), "task " + name);
  for (const auto& [key, value] : given) {
    if (settings.at(key) != value) {
      throw std::invalid_argument(fmt::format("the model was trained for {} = {}, not for {}", key,
                                              settings.at(key).dump(), value.dump()));
    }
  }
  return task;
}

std::unique_ptr<tasks::Task> task_of_model(const nlohmann::json& metadata,
                                           const std::string& name) {
  if (!name.empty()) return task_for_model(metadata, name);
  if (!metadata.contains("task"))
    throw std::invalid_argument("the model file names no task; name it with --task");
  return tasks::task_from_json(metadata["task"]);
}

void add_settings(CLI::App& app, const std::vector<tasks::Setting>& settings,
                  tasks::Settings& given) {
  for (const tasks::Setting& setting : settings) {
    const auto take = [&given, name = setting.name](const auto& value) { given[name] = value; };
    const std::string help = fmt::format("{} (default: {})", setting.help, setting.value.dump());
    if (setting.value.is_boolean()) {
      app.add_flag_callback(
          setting.option, [take] { take(true); }, setting.help);
    } else if (setting.value.is_number_integer()) {
      app.add_option_function<int64_t>(setting.option, take, help)
          ->transform(whole_number())
          ->type_name("N");
    } else {
      app.add_option_function<double>(setting.option, take, help)
          ->transform(number())
          ->type_name("X");
    }
  }
}

Command for_each_task(
    CLI::App& app,
    const std::function<Command(CLI::App& app, const tasks::TaskEntry& entry)>& add) {
  std::vector<std::pair<const CLI::App*, Command>> commands;
  for (const tasks::TaskEntry& entry : tasks::task_entries()) {
    CLI::App* nested = app.add_subcommand(entry.name, entry.help)->group("Tasks");
    commands.emplace_back(nested, add(*nested, entry));
  }
  app.require_subcommand(1);
  return [commands] {
    const auto chosen =
        std::ranges::find_if(commands, [](const auto& command) { return command.first->parsed(); });
    return chosen->second();
  };
}

std::vector<std::string> names_in_tasks(
    const std::function<std::vector<std::string>(const tasks::TaskEntry& entry)>& names) {
  std::vector<std::string> all;
  for (const tasks::TaskEntry& entry : tasks::task_entries())
    for (const std::string& name : names(entry))
      if (std::ranges::find(all, name) == all.end()) all.push_back(name);
  return all;
}

std::string describe(const tasks::Task& task) {
  std::string text = task.name();
  for (const auto& [name, value] : task.settings())
    text += fmt::format(", {} {}", name, value.dump());
  return text;
}

}  // namespace assay::tools
