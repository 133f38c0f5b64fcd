#include "tasks/task.h"

#include <fmt/format.h>

#include <stdexcept>

namespace assay::tasks {

interp::LabelledInputs Task::inputs(Part part, uint64_t seed) const {
  return
      [this, part, seed](int64_t first, int64_t count) { return sample(part, seed, first, count); };
}

void Task::require_fits(const interp::TransformerConfig& config) const {
  if (config.d_vocab != d_vocab() || config.n_ctx != n_ctx())
    throw std::invalid_argument(
        fmt::format("the model has d_vocab {} and n_ctx {}, but the task {} with {} needs d_vocab "
                    "{} and n_ctx {}",
                    config.d_vocab, config.n_ctx, name(), nlohmann::json(settings()).dump(),
                    d_vocab(), n_ctx()));
}

nlohmann::json Task::to_json() const {
  return {{"name", name()}, {"settings", settings()}};
}

}  // namespace assay::tasks
