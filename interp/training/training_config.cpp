#include "interp/training/training_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "interp/training/training_fields.h"

namespace assay::interp {

int64_t TrainingConfig::steps() const {
  int64_t sum = 0;
  for (const Phase& phase : phases) sum += phase.steps;
  return sum;
}

void validate(const TrainingConfig& config) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(fmt::format("training: expected {}", what));
  };
  require(!config.phases.empty(), "at least one phase");
  for (const Phase& phase : config.phases) {
    require(phase.steps >= 1, "steps >= 1 in every phase");
    require(phase.learning_rate > 0, "learning_rate > 0");
    require(phase.final_learning_rate >= 0, "final_learning_rate >= 0");
    require(phase.weight_decay >= 0 && phase.l1 >= 0 && phase.keep_neurons >= 0,
            "weight_decay, l1 and keep_neurons >= 0");
  }
  require(config.batch >= 1 && config.held_out >= 1, "batch and held_out >= 1");
  require(config.warmup >= 0, "warmup >= 0");
  for (const double beta : {config.beta1, config.beta2})
    require(beta >= 0 && beta < 1, "beta1 and beta2 in [0, 1)");
  require(config.gradient_clip > 0, "gradient_clip > 0");
  require(config.evaluate_every >= 1 && config.checkpoint_every >= 1,
          "evaluate_every and checkpoint_every >= 1");
}

nlohmann::json to_json(const TrainingConfig& config) {
  return write_record(config);
}

PhaseStep phase_step(const TrainingConfig& config, int64_t step) {
  PhaseStep at{.phase = 0, .step = step};
  while (at.phase + 1 < config.phases.size() && at.step >= config.phases[at.phase].steps)
    at.step -= config.phases[at.phase++].steps;
  return at;
}

double learning_rate(const TrainingConfig& config, int64_t step) {
  const PhaseStep at = phase_step(config, step);
  const Phase& phase = config.phases[at.phase];
  if (at.step < config.warmup)
    return phase.learning_rate * static_cast<double>(at.step + 1) /
           static_cast<double>(config.warmup);
  const double done = static_cast<double>(at.step - config.warmup) /
                      static_cast<double>(std::max<int64_t>(1, phase.steps - config.warmup));
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * done));
  return phase.final_learning_rate + (phase.learning_rate - phase.final_learning_rate) * cosine;
}

}  // namespace assay::interp
