#include "tasks/subject.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tasks/data_task.h"

namespace assay::tasks {

namespace {

// The interpretation chooses no other inputs than those that the network was made for: among easier
// ones a claim would hold more often.
void require_task_of_model(const Task& task, const nlohmann::json& metadata) {
  if (!metadata.contains("task")) return;
  const nlohmann::json made_for = task_from_json(metadata["task"])->to_json();
  if (made_for != task.to_json())
    throw std::invalid_argument(
        fmt::format("the interpretation is about the task {}, but the network was made for {}",
                    task.to_json().dump(), made_for.dump()));
}

// The task that an interpretation names. Of the task `data` it may say what the file then says,
// too.
std::unique_ptr<Task> task_named(const nlohmann::json& named, const std::filesystem::path& data,
                                 const interp::Places& places) {
  if (named.value("name", "") != kDataTask) return task_from_json(named);
  if (data.empty())
    throw std::invalid_argument(
        "the interpretation is about inputs of its author's own; name their file with --data");
  auto task = data_task(data, places);
  const Settings said = named.at("settings");
  interp::complete(data_entry().options, said, "task data");  // refuses what is no setting
  for (const auto& [name, value] : said)
    if (name != "path" && task->settings().at(name) != value)
      throw std::invalid_argument(
          fmt::format("the interpretation is about inputs with {} {}, in {} there are {}", name,
                      value.dump(), data.string(), task->settings().at(name).dump()));
  return task;
}

}  // namespace

Subject load_subject(const std::filesystem::path& model,
                     const std::filesystem::path& interpretation,
                     const std::filesystem::path& data) {
  Subject subject;
  subject.model = interp::load_model(model);
  subject.loaded =
      circuits::load_interpretation(interpretation, subject.places(), subject.model.sha256);
  subject.task = task_named(subject.interpretation().task, data, subject.places());
  subject.task->require_fits(subject.places());
  require_task_of_model(*subject.task, subject.model.metadata);
  subject.program = circuits::compile(subject.interpretation(), all_operations(), subject.places());
  return subject;
}

}  // namespace assay::tasks
