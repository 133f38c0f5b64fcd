#pragma once
// Training by gradient descent on the loss at one readout position, in phases, resumable at any step.

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "interp/site.h"

namespace assay::interp {

class Transformer;

/// Inputs with the token that the network should predict at the readout position.
struct LabelledBatch {
  at::Tensor tokens;  ///< int64 [batch, pos]
  at::Tensor labels;  ///< int64 [batch], tokens
};

/// A stretch of training with one learning-rate cycle: linear warm-up, then a cosine decay.
struct Phase {
  int64_t steps = 8000;
  double learning_rate = 1e-3;        ///< after the warm-up
  double final_learning_rate = 0;     ///< where the decay ends, one step after the last
  double weight_decay = 0.01;         ///< decoupled (AdamW)
  double l1 = 0;                      ///< times the mean over inputs of Σ |penalised site|
  /// Before the phase starts, only this many hidden neurons of the penalised site are kept: those with
  /// the largest product of largest activation and effect on the answers' logits. 0: all.
  int64_t keep_neurons = 0;
  bool operator==(const Phase&) const = default;
};

struct TrainingConfig {
  std::vector<Phase> phases = {Phase{}};
  int64_t batch = 256;
  int64_t warmup = 200;      ///< steps of linear warm-up at the start of each phase
  double beta1 = 0.9;
  double beta2 = 0.98;
  double gradient_clip = 1;  ///< largest norm of the whole gradient
  int64_t readout = 0;       ///< position whose logits are trained
  int64_t evaluate_every = 250;    ///< steps between held-out evaluations
  int64_t checkpoint_every = 250;  ///< steps between checkpoints
  int64_t held_out = 4096;         ///< held-out inputs per evaluation

  int64_t steps() const;  ///< of all phases
  bool operator==(const TrainingConfig&) const = default;
};
/// @throws std::invalid_argument naming the field.
void validate(const TrainingConfig& config);
nlohmann::json to_json(const TrainingConfig& config);

/// Where inputs come from: slice [first, first + count) of an endless, indexed stream. Called from
/// several threads at once.
using LabelledInputs = std::function<LabelledBatch(int64_t first, int64_t count)>;

/// One line of the training log.
struct TrainingProgress {
  int64_t step = 0, steps = 0;
  double loss = 0;             ///< cross entropy of this step's batch, in nats
  double accuracy = -1;        ///< on held-out inputs; -1 between evaluations
  double learning_rate = 0;
  double samples_per_second = 0;
  double seconds_left = 0;
  double cpu_seconds = 0;      ///< of this process and of the runs it resumed
  int64_t neurons = 0;         ///< penalised neurons that have not been pruned
};
nlohmann::json to_json(const TrainingProgress& progress);

struct TrainingIo {
  std::filesystem::path checkpoint = {};  ///< written atomically; empty: none
  bool resume = false;               ///< go on from `checkpoint` if it exists
  std::function<void(const TrainingProgress&)> on_progress = {};  ///< after each step
  const std::atomic<bool>* stop = nullptr;  ///< when set: checkpoint and return at the next step
};

struct TrainingOutcome {
  bool finished = false;  ///< false if stopped; the checkpoint then allows to resume
  TrainingProgress last;
};

/// Trains the model in place. The weights after step n depend on (initial weights, config, inputs)
/// alone, not on threads, and not on where a run was killed and resumed.
/// @param train, held_out  streams that share no input.
/// @throws std::invalid_argument for a config or checkpoint that does not belong to this run,
///   std::runtime_error if the loss becomes NaN or a file cannot be written.
TrainingOutcome train(Transformer& model, const TrainingConfig& config, const LabelledInputs& train,
                      const LabelledInputs& held_out, const TrainingIo& io = {});

/// Share of inputs 0 … n-1 whose label has the largest logit at the readout position.
double accuracy(const Transformer& model, const LabelledInputs& inputs, int64_t n, int64_t readout);

/// Sets neurons of block `layer`'s MLP to zero: weights in, bias and weights out. ReLU neurons at
/// zero receive no gradient, so they stay removed. @return how many are left.
int64_t prune_neurons(Transformer& model, int64_t layer, const std::vector<int64_t>& neurons);

}  // namespace assay::interp
