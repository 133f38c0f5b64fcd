#include "tasks/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "tasks/two_sat/two_sat.h"

namespace assay::tasks {

const std::vector<TaskEntry>& task_entries() {
  static const std::vector<TaskEntry> entries = {two_sat::entry()};
  return entries;
}

const TaskEntry& task_entry(const std::string& name) {
  const auto& entries = task_entries();
  const auto found = std::ranges::find(entries, name, &TaskEntry::name);
  if (found != entries.end()) return *found;
  std::vector<std::string> names;
  for (const TaskEntry& entry : entries) names.push_back(entry.name);
  throw std::invalid_argument(
      fmt::format("unknown task '{}'; there are {}", name, fmt::join(names, ", ")));
}

std::unique_ptr<Task> make_task(const std::string& name, const Settings& settings) {
  const TaskEntry& entry = task_entry(name);
  Settings all;
  for (const Setting& setting : entry.settings) all[setting.name] = setting.value;
  for (const auto& [key, value] : settings) {
    if (!all.contains(key)) {
      std::vector<std::string> names;
      for (const Setting& setting : entry.settings) names.push_back(setting.name);
      throw std::invalid_argument(fmt::format("task {} has no setting '{}'; there are {}", name,
                                              key, fmt::join(names, ", ")));
    }
    all[key] = value;
  }
  return entry.make(all);
}

std::unique_ptr<Task> task_from_json(const nlohmann::json& json) {
  try {
    return make_task(json.at("name").get<std::string>(), json.at("settings").get<Settings>());
  } catch (const nlohmann::json::exception&) {
    throw std::invalid_argument(
        fmt::format("a task is {{\"name\", \"settings\"}}, got {}", json.dump()));
  }
}

circuits::Operations all_operations() {
  circuits::Operations operations = circuits::generic_operations();
  for (const TaskEntry& entry : task_entries()) entry.add_operations(operations);
  return operations;
}

}  // namespace assay::tasks
