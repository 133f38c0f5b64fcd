#pragma once
// How a network is trained: phases of gradient descent, each with its own learning-rate cycle.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace assay::interp {

/// A stretch of training with one learning-rate cycle: linear warm-up, then a cosine decay.
struct Phase {
  int64_t steps = 8000;
  double learning_rate = 1e-3;     ///< after the warm-up
  double final_learning_rate = 0;  ///< where the decay ends, one step after the last
  double weight_decay = 0.01;      ///< decoupled (AdamW)
  double l1 = 0;                   ///< times the mean over inputs of Σ |penalised site|
  /// Before the phase starts, only this many hidden neurons of the penalised site are kept: those
  /// with the largest product of largest activation and effect on the answers' logits. 0: all.
  int64_t keep_neurons = 0;
  bool operator==(const Phase&) const = default;
};

struct TrainingConfig {
  std::vector<Phase> phases = {Phase{}};
  int64_t batch = 256;
  int64_t warmup = 200;  ///< steps of linear warm-up at the start of each phase
  double beta1 = 0.9;
  double beta2 = 0.98;
  double gradient_clip = 1;        ///< largest norm of the whole gradient; infinity: any
  int64_t readout = 0;             ///< position whose logits are trained, unless inputs name theirs
  int64_t evaluate_every = 250;    ///< steps between held-out evaluations
  int64_t checkpoint_every = 250;  ///< steps between checkpoints
  int64_t held_out = 4096;  ///< held-out inputs per evaluation, and inputs to choose neurons by

  int64_t steps() const;  ///< of all phases
  bool operator==(const TrainingConfig&) const = default;
};
/// @throws std::invalid_argument naming the field.
void validate(const TrainingConfig& config);
nlohmann::json to_json(const TrainingConfig& config);

/// Where in the phases a step stands.
struct PhaseStep {
  size_t phase = 0;
  int64_t step = 0;  ///< within the phase
};
PhaseStep phase_step(const TrainingConfig& config, int64_t step);
double learning_rate(const TrainingConfig& config, int64_t step);

}  // namespace assay::interp
