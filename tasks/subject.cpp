#include "tasks/subject.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tasks/registry.h"

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

}  // namespace

Subject load_subject(const std::filesystem::path& model,
                     const std::filesystem::path& interpretation) {
  Subject subject;
  subject.model = interp::load_model(model);
  subject.loaded =
      circuits::load_interpretation(interpretation, subject.places(), subject.model.sha256);
  subject.task = task_from_json(subject.interpretation().task);
  subject.task->require_fits(subject.places());
  require_task_of_model(*subject.task, subject.model.metadata);
  subject.program = circuits::compile(subject.interpretation(), all_operations(), subject.places());
  return subject;
}

}  // namespace assay::tasks
