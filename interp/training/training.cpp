#include "interp/training/training.h"

#include <fmt/format.h>
#include <torch/autograd.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "interp/execution/chunks.h"
#include "interp/execution/parallel.h"
#include "interp/network/transformer.h"
#include "interp/training/answers.h"
#include "interp/training/checkpoint.h"
#include "interp/training/pruning.h"
#include "interp/training/training_fields.h"

namespace assay::interp {
namespace {

using at::Tensor;
using torch::optim::AdamW;

int64_t last_layer(const Transformer& model) {
  return model.config().n_layers() - 1;
}

AdamW make_optimizer(const Transformer& model, const TrainingConfig& config) {
  std::vector<Tensor> parameters = model.parameters();
  for (Tensor& parameter : parameters) parameter.requires_grad_(true);
  return AdamW(parameters, torch::optim::AdamWOptions().betas({config.beta1, config.beta2}));
}

// --- one step

struct Shard {
  double loss = 0;  // cross entropy, summed over the shard, divided by the batch
  std::vector<Tensor> gradients;
};

Shard backward(const Transformer& model, const std::vector<Tensor>& parameters,
               const TrainingConfig& config, double l1, const LabelledBatch& batch) {
  std::vector<std::string> places = {hook::logits()};
  if (l1 > 0) places.push_back(hook::mlp_post(last_layer(model)));
  const auto values = values_at_answers(model, batch, config.readout, places);
  const Tensor cross_entropy =
      at::cross_entropy_loss(values[0], answer_labels(batch), {}, at::Reduction::Sum);
  Tensor objective = cross_entropy;
  if (l1 > 0) objective = objective + l1 * values[1].abs().sum();
  const double scale = 1.0 / static_cast<double>(config.batch);
  Shard shard;
  shard.gradients = torch::autograd::grad({objective * scale}, parameters, {}, {}, false, true);
  shard.loss = cross_entropy.item<double>() * scale;
  return shard;
}

// Sets .grad of every parameter; returns the batch's cross entropy. The gradients of its shards are
// added in a fixed order, so that the weights do not depend on the number of threads.
double accumulate_gradients(const Transformer& model, const std::vector<Tensor>& parameters,
                            const TrainingConfig& config, double l1, const LabelledInputs& inputs,
                            int64_t step) {
  const Chunks chunks(config.batch, kInputsPerStep);
  std::vector<Shard> shards(chunks.count());
  chunks.for_each([&](const Chunk& chunk) {
    shards[chunk.index] = backward(model, parameters, config, l1,
                                   inputs(step * config.batch + chunk.first, chunk.count));
  });
  double loss = 0;
  for (const Shard& shard : shards) loss += shard.loss;
  for (size_t p = 0; p < parameters.size(); ++p) {
    Tensor sum;
    for (const Shard& shard : shards) {
      if (!shard.gradients[p].defined()) continue;
      sum = sum.defined() ? sum.add_(shard.gradients[p]) : shard.gradients[p].clone();
    }
    parameters[p].mutable_grad() = sum;
  }
  return loss;
}

// Returns the loss before the step.
double descend(const Transformer& model, AdamW& optimizer, const TrainingConfig& config,
               const LabelledInputs& inputs, int64_t step) {
  const Phase& phase = config.phases[phase_step(config, step).phase];
  const std::vector<Tensor>& parameters = optimizer.param_groups()[0].params();
  const double loss = accumulate_gradients(model, parameters, config, phase.l1, inputs, step);
  if (!std::isfinite(loss))
    throw std::runtime_error(fmt::format("training: the loss is {} at step {}",
                                         std::isnan(loss) ? "NaN" : "infinite", step));
  torch::nn::utils::clip_grad_norm_(parameters, config.gradient_clip);
  static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options())
      .weight_decay(phase.weight_decay)
      .lr(learning_rate(config, step));
  optimizer.step();
  return loss;
}

// --- the run around the steps

void begin_phase(Transformer& model, AdamW& optimizer, const TrainingConfig& config,
                 const Phase& phase, const LabelledInputs& selection) {
  if (phase.keep_neurons > 0)
    prune_neurons(
        model, last_layer(model),
        weakest_neurons(model, config.readout, phase.keep_neurons, selection, config.held_out));
  optimizer.state().clear();  // fresh moments, also for what was pruned
}

/// Takes the time of this process's part of a run, and not of runs beside it.
class Stopwatch {
 public:
  explicit Stopwatch(const TrainingState& begun)
      : first_step_(begun.step), cpu_before_(begun.cpu_seconds - cpu_seconds_of_work()) {}

  double steps_per_second(int64_t step) const {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
    return static_cast<double>(step - first_step_) / seconds.count();
  }
  double cpu_seconds() const { return cpu_before_ + cpu_seconds_of_work(); }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const int64_t first_step_;
  const double cpu_before_;
};

/// After `step` steps, the last of which had this loss.
TrainingProgress progress_after(int64_t step, double loss, const Transformer& model,
                                const TrainingConfig& config, const Stopwatch& watch) {
  const double pace = watch.steps_per_second(step);
  return {.step = step,
          .steps = config.steps(),
          .loss = loss,
          .learning_rate = learning_rate(config, step - 1),
          .samples_per_second = pace * static_cast<double>(config.batch),
          .seconds_left = static_cast<double>(config.steps() - step) / pace,
          .cpu_seconds = watch.cpu_seconds(),
          .neurons = living_neurons(model, last_layer(model))};
}

}  // namespace

TrainingOutcome train(Transformer& model, const TrainingConfig& config,
                      const LabelledInputs& inputs, const LabelledInputs& held_out,
                      const TrainingIo& io) {
  validate(config);
  AdamW optimizer = make_optimizer(model, config);
  TrainingState state;
  if (io.resume && std::filesystem::exists(io.checkpoint))
    state = load_checkpoint(io.checkpoint, model, optimizer, config);

  const Stopwatch watch(state);
  const auto checkpoint = [&] {
    state.cpu_seconds = watch.cpu_seconds();
    if (!io.checkpoint.empty()) save_checkpoint(io.checkpoint, model, optimizer, config, state);
  };
  TrainingOutcome outcome;
  outcome.last = {.step = state.step,
                  .steps = config.steps(),
                  .cpu_seconds = state.cpu_seconds,
                  .neurons = living_neurons(model, last_layer(model))};
  while (state.step < config.steps()) {
    if (io.stop && *io.stop) {
      if (state.step > 0) checkpoint();
      return outcome;
    }
    const auto [phase, step_of_phase] = phase_step(config, state.step);
    if (step_of_phase == 0)
      begin_phase(model, optimizer, config, config.phases[phase],
                  io.selection ? io.selection : inputs);
    const double loss = descend(model, optimizer, config, inputs, state.step);
    ++state.step;

    const bool last = state.step == config.steps();
    outcome.last = progress_after(state.step, loss, model, config, watch);
    if (last || state.step % config.evaluate_every == 0)
      outcome.last.accuracy = accuracy(model, held_out, config.held_out, config.readout);
    if (io.on_progress) io.on_progress(outcome.last);
    if (last || state.step % config.checkpoint_every == 0) checkpoint();
  }
  for (const Tensor& parameter : model.parameters()) parameter.requires_grad_(false);
  outcome.finished = true;
  return outcome;
}

double accuracy(const Transformer& model, const LabelledInputs& inputs, int64_t n, int64_t readout,
                const std::function<void(int64_t done, int64_t of)>& on_progress) {
  std::atomic<int64_t> correct = 0, answers = 0, done = 0;
  Chunks(n, kInputsPerStep).for_each([&](const Chunk& chunk) {
    const at::NoGradGuard no_grad;
    const LabelledBatch batch = inputs(chunk.first, chunk.count);
    const Tensor answer = answer_logits(model, batch, readout).argmax(1);
    const Tensor labels = answer_labels(batch);
    correct += answer.eq(labels).sum().item<int64_t>();
    answers += labels.size(0);
    const int64_t so_far = done += batch.tokens.size(0);
    if (on_progress) on_progress(so_far, n);
  });
  if (answers == 0)
    throw std::invalid_argument(fmt::format("accuracy: none of {} inputs has a label", n));
  return static_cast<double>(correct) / static_cast<double>(answers);
}

nlohmann::json to_json(const TrainingProgress& progress) {
  TrainingProgress rounded = progress;
  rounded.samples_per_second = std::round(progress.samples_per_second);
  rounded.cpu_seconds = std::round(progress.cpu_seconds);
  return write_record(rounded);
}

}  // namespace assay::interp
