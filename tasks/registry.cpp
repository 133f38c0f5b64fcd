#include "tasks/registry.h"

#include <fmt/format.h>

#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "tasks/compiled/compiled.h"
#include "tasks/compiled/mutations.h"
#include "tasks/compiled/reading.h"
#include "tasks/data_task.h"
#include "tasks/dyck/dyck.h"
#include "tasks/dyck/operations.h"
#include "tasks/induction/induction.h"
#include "tasks/induction/operations.h"
#include "tasks/majority/majority.h"
#include "tasks/majority/operations.h"
#include "tasks/max_of_four/max_of_four.h"
#include "tasks/max_of_four/operations.h"
#include "tasks/modular_addition/modular_addition.h"
#include "tasks/modular_addition/mutations.h"
#include "tasks/modular_addition/operations.h"
#include "tasks/mutations.h"
#include "tasks/sentiment/sentiment.h"
#include "tasks/synthetic_text/synthetic_text.h"
#include "tasks/two_sat/mutations.h"
#include "tasks/two_sat/two_sat.h"

namespace assay::tasks {
namespace {

circuits::Operations our_operations() {
  circuits::Operations all = circuits::generic_operations();
  two_sat::add_operations(all);
  modular_addition::add_operations(all);
  dyck::add_operations(all);
  majority::add_operations(all);
  max_of_four::add_operations(all);
  compiled::add_operations(all);
  induction::add_operations(all);
  return all;
}

std::vector<circuits::Mutation> our_mutations() {
  std::vector<circuits::Mutation> all = circuits::generic_mutations();
  all.push_back(answer_gamma());
  for (const auto& of_task :
       {two_sat::mutations(), modular_addition::mutations(), compiled::mutations()})
    all.insert(all.end(), of_task.begin(), of_task.end());
  return all;
}

}  // namespace

interp::Registry<TaskEntry>& task_entries() {
  static interp::Registry<TaskEntry> entries(
      "task", {two_sat::entry(), modular_addition::entry(), dyck::entry(), majority::entry(),
               max_of_four::entry(), compiled::entry(), induction::entry(),
               synthetic_text::bag_of_words_entry(), synthetic_text::slalom_words_entry(),
               sentiment::entry(), data_entry()});
  return entries;
}

std::unique_ptr<Task> make_task(const std::string& name, const Settings& settings) {
  const TaskEntry& entry = task_entries().at(name);
  return entry.make(complete(entry.options, settings, "task " + name));
}

std::unique_ptr<Task> task_from_json(const nlohmann::json& json) {
  try {
    return make_task(json.at("name").get<std::string>(), json.at("settings").get<Settings>());
  } catch (const nlohmann::json::exception&) {
    throw std::invalid_argument(
        fmt::format("a task is {{\"name\", \"settings\"}}, got {}", json.dump()));
  }
}

circuits::Operations& operations() {
  static circuits::Operations all = our_operations();
  return all;
}

circuits::Operations all_operations() {
  circuits::Operations all = operations();
  circuits::add_compositions(all);
  return all;
}

interp::Registry<circuits::Mutation>& mutations() {
  static interp::Registry<circuits::Mutation> all("mutation", our_mutations());
  return all;
}

}  // namespace assay::tasks
