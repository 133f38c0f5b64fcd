#pragma once
// Training by gradient descent on the loss at the answers, in phases, resumable at any step.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "interp/training/labelled_inputs.h"
#include "interp/training/training_config.h"

namespace assay::interp {

class Transformer;

/// One line of the training log.
struct TrainingProgress {
  int64_t step = 0, steps = 0;
  double loss = 0;       ///< cross entropy per input, summed over its answers, in nats
  double accuracy = -1;  ///< on held-out inputs; -1 between evaluations
  double learning_rate = 0;
  double samples_per_second = 0;
  double seconds_left = 0;
  double cpu_seconds = 0;  ///< of this run's threads, and of what it resumed
  int64_t neurons = 0;     ///< penalised neurons that have not been pruned
};
nlohmann::json to_json(const TrainingProgress& progress);

struct TrainingIo {
  std::filesystem::path checkpoint = {};  ///< written atomically; empty: none
  bool resume = false;                    ///< go on from `checkpoint` if it exists
  std::function<void(const TrainingProgress&)> on_progress = {};  ///< after each step
  const std::atomic<bool>* stop = nullptr;  ///< when set: checkpoint and return at the next step
  /// The inputs by which it is chosen which neurons a phase keeps. None: those trained on.
  LabelledInputs selection = {};
};

struct TrainingOutcome {
  bool finished = false;  ///< false if stopped; the checkpoint then allows to resume
  TrainingProgress last;
};

/// Trains the model in place. The weights after step n depend on (initial weights, config, inputs)
/// alone, not on threads, and not on where a run was killed and resumed.
/// @param held_out  inputs on which accuracy is measured and by which nothing is chosen. For an
///   honest figure they are neither trained on nor in `io.selection`.
/// @throws std::invalid_argument for a config or checkpoint that does not belong to this run,
///   std::runtime_error if the loss becomes NaN or a file cannot be written.
TrainingOutcome train(Transformer& model, const TrainingConfig& config, const LabelledInputs& train,
                      const LabelledInputs& held_out, const TrainingIo& io = {});

/// Share of the answers of inputs 0 … n-1 whose label has the largest logit. @param readout  where
/// they are answered unless they say otherwise. @param on_progress  told of inputs done, from
/// several threads at once. @throws std::invalid_argument if no input has a label.
double accuracy(const Transformer& model, const LabelledInputs& inputs, int64_t n, int64_t readout,
                const std::function<void(int64_t done, int64_t of)>& on_progress = {});

}  // namespace assay::interp
