#include "tasks/subject.h"

#include "tasks/registry.h"

namespace assay::tasks {

Subject load_subject(const std::filesystem::path& model,
                     const std::filesystem::path& interpretation) {
  Subject subject;
  subject.model = interp::load_model(model);
  subject.loaded =
      circuits::load_interpretation(interpretation, subject.config(), subject.model.sha256);
  subject.task = task_from_json(subject.interpretation().task);
  subject.task->require_fits(subject.config());
  subject.program =
      circuits::compile(subject.interpretation(), all_operations(), subject.config());
  return subject;
}

}  // namespace assay::tasks
