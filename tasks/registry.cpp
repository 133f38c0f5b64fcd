#include "tasks/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "interp/names.h"
#include "tasks/modular_addition/modular_addition.h"
#include "tasks/synthetic_text/synthetic_text.h"
#include "tasks/two_sat/two_sat.h"

namespace assay::tasks {
namespace {

using nlohmann::json;

// A whole number is a number, too; nothing else is taken for what it is not.
json of_kind(const json& like, const json& value, const std::string& where) {
  if (like.is_number_float() && value.is_number()) return value.get<double>();
  if (like.is_number_integer() && value.is_number_integer()) return value.get<int64_t>();
  if (like.is_boolean() && value.is_boolean()) return value;
  const char* expected = like.is_boolean()          ? "true or false"
                         : like.is_number_integer() ? "a whole number"
                                                    : "a number";
  throw std::invalid_argument(
      fmt::format("{}: expected {}, got {}", where, expected, value.dump()));
}

}  // namespace

const std::vector<TaskEntry>& task_entries() {
  static const std::vector<TaskEntry> entries = {two_sat::entry(), modular_addition::entry(),
                                                 synthetic_text::bag_of_words_entry(),
                                                 synthetic_text::slalom_words_entry()};
  return entries;
}

const TaskEntry& task_entry(const std::string& name) {
  const auto& entries = task_entries();
  const auto found = std::ranges::find(entries, name, &TaskEntry::name);
  if (found != entries.end()) return *found;
  interp::refuse_name("task", name, interp::names_of(entries));
}

Settings complete(const std::vector<Setting>& known, const Settings& given,
                  const std::string& where) {
  Settings all;
  for (const Setting& setting : known) all[setting.name] = setting.value;
  for (const auto& [name, value] : given) {
    const auto setting = all.find(name);
    if (setting == all.end()) {
      throw std::invalid_argument(fmt::format("{} has no setting '{}'; {}", where, name,
                                              interp::there_are(interp::names_of(known), name)));
    }
    setting->second = of_kind(setting->second, value, fmt::format("{}: {}", where, name));
  }
  return all;
}

std::unique_ptr<Task> make_task(const std::string& name, const Settings& settings) {
  const TaskEntry& entry = task_entry(name);
  return entry.make(complete(entry.settings, settings, "task " + name));
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
  circuits::add_compositions(operations);
  return operations;
}

}  // namespace assay::tasks
