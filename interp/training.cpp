#include "interp/training.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>
#include <torch/serialize.h>
#include <torch/types.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <numbers>
#include <stdexcept>

#include "interp/files.h"
#include "interp/parallel.h"
#include "interp/trace.h"
#include "interp/transformer.h"

namespace assay::interp {
namespace {

using at::Tensor;
using Clock = std::chrono::steady_clock;

// Inputs per forward and backward pass. Gradients of the parts of a batch are added in a fixed
// order, so the weights do not depend on the number of threads; 64 keeps activations in cache.
constexpr int64_t kShard = 64;

struct Position {
  size_t phase = 0;
  int64_t step = 0;  // within the phase
};

Position position_of(const TrainingConfig& config, int64_t step) {
  Position position{.phase = 0, .step = step};
  while (position.phase + 1 < config.phases.size() &&
         position.step >= config.phases[position.phase].steps)
    position.step -= config.phases[position.phase++].steps;
  return position;
}

double learning_rate(const Phase& phase, int64_t warmup, int64_t step) {
  if (step < warmup)
    return phase.learning_rate * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const double done = static_cast<double>(step - warmup) /
                      static_cast<double>(std::max<int64_t>(1, phase.steps - warmup));
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * done));
  return phase.final_learning_rate + (phase.learning_rate - phase.final_learning_rate) * cosine;
}

int64_t last_layer(const Transformer& model) {
  return model.config().n_layers() - 1;
}

Site readout_logits(const TrainingConfig& config) {
  return {.place = {Hook::Logits, 0}, .positions = {config.readout}};
}

Site readout_neurons(const Transformer& model, const TrainingConfig& config) {
  return {.place = {Hook::MlpPost, last_layer(model)}, .positions = {config.readout}};
}

std::vector<Tensor> parameters_of(const Transformer& model) {
  std::vector<Tensor> parameters = model.parameters();
  for (Tensor& parameter : parameters) parameter.requires_grad_(true);
  return parameters;
}

std::unique_ptr<torch::optim::AdamW> make_optimizer(const std::vector<Tensor>& parameters,
                                                    const TrainingConfig& config,
                                                    const Phase& phase) {
  auto options = torch::optim::AdamWOptions(phase.learning_rate);
  options.betas({config.beta1, config.beta2}).weight_decay(phase.weight_decay);
  return std::make_unique<torch::optim::AdamW>(parameters, options);
}

struct Shard {
  double loss = 0;  // cross entropy, summed over the shard, divided by the batch
  std::vector<Tensor> gradients;
};

Shard backward(const Transformer& model, const std::vector<Tensor>& parameters,
               const TrainingConfig& config, const Phase& phase, const LabelledBatch& batch) {
  TraceRequest request{.record = {readout_logits(config)}, .overwrite = {}};
  if (phase.l1 > 0) request.record.push_back(readout_neurons(model, config));
  const auto recorded = trace(model, batch.tokens, request);
  const Tensor cross_entropy =
      at::cross_entropy_loss(recorded[0].squeeze(1), batch.labels, {}, at::Reduction::Sum);
  Tensor objective = cross_entropy;
  if (phase.l1 > 0) objective = objective + phase.l1 * recorded[1].abs().sum();
  const double scale = 1.0 / static_cast<double>(config.batch);
  Shard shard;
  shard.gradients = torch::autograd::grad({objective * scale}, parameters, {}, {}, false, true);
  shard.loss = cross_entropy.item<double>() * scale;
  return shard;
}

// Sets .grad of every parameter; returns the batch's cross entropy.
double accumulate_gradients(const Transformer& model, const std::vector<Tensor>& parameters,
                            const TrainingConfig& config, const Phase& phase,
                            const LabelledInputs& inputs, int64_t step) {
  const int64_t n_shards = (config.batch + kShard - 1) / kShard;
  std::vector<Shard> shards(n_shards);
  parallel_for(n_shards, [&](int64_t i) {
    const int64_t first = i * kShard;
    const int64_t count = std::min(kShard, config.batch - first);
    shards[i] =
        backward(model, parameters, config, phase, inputs(step * config.batch + first, count));
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

// All neurons but the `keep` that can move the answer most: largest activation on a sample of
// inputs, times the largest coefficient on an answer's logit against the mean of all answers.
std::vector<int64_t> weakest_neurons(const Transformer& model, const TrainingConfig& config,
                                     int64_t keep, const LabelledInputs& inputs) {
  const at::NoGradGuard no_grad;
  Tensor reach = at::zeros({model.config().d_mlp}, model.W_E.options().requires_grad(false));
  std::vector<Tensor> labels;
  for (int64_t first = 0; first < config.held_out; first += kShard) {
    const LabelledBatch part = inputs(first, std::min(kShard, config.held_out - first));
    const Tensor hidden = trace(model, part.tokens,
                                {.record = {readout_neurons(model, config)}, .overwrite = {}})[0];
    reach = at::maximum(reach, hidden.abs().amax({0, 1}));
    labels.push_back(part.labels);
  }
  const Tensor answers = std::get<0>(at::_unique(at::cat(labels)));
  const Tensor logits =
      at::matmul(model.blocks.back()->mlp->W_out, model.W_U.index_select(1, answers));
  const Tensor coefficient = (logits - logits.mean(1, true)).abs().amax(1);
  const Tensor order = (reach * coefficient).argsort(0, /*descending=*/true);
  const Tensor weak = order.slice(0, keep).contiguous().cpu();
  return {weak.data_ptr<int64_t>(), weak.data_ptr<int64_t>() + weak.numel()};
}

int64_t living_neurons(const Transformer& model) {
  return model.blocks.back()->mlp->W_out.abs().amax(1).gt(0).sum().item<int64_t>();
}

struct State {
  int64_t step = 0;
  double cpu_seconds = 0;
};

void save_checkpoint(const std::filesystem::path& path, Transformer& model,
                     const torch::optim::AdamW& optimizer, const TrainingConfig& config,
                     const State& state) {
  torch::serialize::OutputArchive archive, weights, moments;
  model.save(weights);
  optimizer.save(moments);
  archive.write("weights", weights);
  archive.write("moments", moments);
  archive.write("step", c10::IValue(state.step));
  archive.write("cpu_seconds", c10::IValue(state.cpu_seconds));
  archive.write("config", c10::IValue(to_json(config).dump()));
  archive.write("model", c10::IValue(to_json(model.config()).dump()));
  write_atomically(path, [&](const auto& temporary) { archive.save_to(temporary.string()); });
}

// A run may go on with other settings for phases that it has not begun, never with another past.
void require_same_past(nlohmann::json written, nlohmann::json wanted, size_t phase,
                       const std::filesystem::path& path) {
  for (nlohmann::json* config : {&written, &wanted}) {
    nlohmann::json& phases = config->at("phases");
    while (phases.size() > phase + 1) phases.erase(phases.size() - 1);
  }
  if (written != wanted)
    throw std::invalid_argument(fmt::format(
        "{}: this checkpoint belongs to a run with other settings:\n  there {}\n  here  {}",
        path.string(), written.dump(), wanted.dump()));
}

State load_checkpoint(const std::filesystem::path& path, Transformer& model,
                      const TrainingConfig& config, std::unique_ptr<torch::optim::AdamW>& optimizer,
                      const std::vector<Tensor>& parameters) {
  torch::serialize::InputArchive archive, weights, moments;
  c10::IValue step, cpu_seconds, written_config, written_model;
  try {
    archive.load_from(path.string());
    archive.read("config", written_config);
    archive.read("model", written_model);
    archive.read("step", step);
    archive.read("cpu_seconds", cpu_seconds);
    archive.read("weights", weights);
    archive.read("moments", moments);
  } catch (const c10::Error&) {
    throw std::runtime_error(fmt::format("{}: not a checkpoint of assay train", path.string()));
  }
  require_same_past(nlohmann::json::parse(written_config.toStringRef()), to_json(config),
                    position_of(config, std::max<int64_t>(0, step.toInt() - 1)).phase, path);
  if (step.toInt() > config.steps())
    throw std::invalid_argument(
        fmt::format("{}: this checkpoint is {} steps old, but the run has only {}", path.string(),
                    step.toInt(), config.steps()));
  if (written_model.toStringRef() != to_json(model.config()).dump())
    throw std::invalid_argument(
        fmt::format("{}: this checkpoint belongs to another network:\n  there {}\n  here  {}",
                    path.string(), written_model.toStringRef(), to_json(model.config()).dump()));
  model.load(weights);
  const int64_t last = std::max<int64_t>(0, step.toInt() - 1);
  optimizer = make_optimizer(parameters, config, config.phases[position_of(config, last).phase]);
  optimizer->load(moments);
  return {.step = step.toInt(), .cpu_seconds = cpu_seconds.toDouble()};
}

double cpu_seconds_of_process() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

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
  require(config.evaluate_every >= 1 && config.checkpoint_every >= 1,
          "evaluate_every and checkpoint_every >= 1");
}

nlohmann::json to_json(const TrainingConfig& config) {
  nlohmann::json phases = nlohmann::json::array();
  for (const Phase& phase : config.phases)
    phases.push_back({{"steps", phase.steps},
                      {"learning_rate", phase.learning_rate},
                      {"final_learning_rate", phase.final_learning_rate},
                      {"weight_decay", phase.weight_decay},
                      {"l1", phase.l1},
                      {"keep_neurons", phase.keep_neurons}});
  return {{"phases", phases},
          {"batch", config.batch},
          {"warmup", config.warmup},
          {"betas", {config.beta1, config.beta2}},
          {"gradient_clip", config.gradient_clip},
          {"readout", config.readout},
          {"held_out", config.held_out}};
}

nlohmann::json to_json(const TrainingProgress& progress) {
  nlohmann::json json = {{"step", progress.step},
                         {"loss", progress.loss},
                         {"learning_rate", progress.learning_rate},
                         {"samples_per_second", std::round(progress.samples_per_second)},
                         {"cpu_seconds", std::round(progress.cpu_seconds)},
                         {"neurons", progress.neurons}};
  if (progress.accuracy >= 0) json["accuracy"] = progress.accuracy;
  return json;
}

double accuracy(const Transformer& model, const LabelledInputs& inputs, int64_t n,
                int64_t readout) {
  const int64_t n_shards = (n + kShard - 1) / kShard;
  std::atomic<int64_t> correct = 0;
  parallel_for(n_shards, [&](int64_t i) {
    const at::NoGradGuard no_grad;
    const LabelledBatch batch = inputs(i * kShard, std::min(kShard, n - i * kShard));
    const Tensor answer = logits_at(model, batch.tokens, readout).argmax(1);
    correct += answer.eq(batch.labels).sum().item<int64_t>();
  });
  return static_cast<double>(correct) / static_cast<double>(n);
}

int64_t prune_neurons(Transformer& model, int64_t layer, const std::vector<int64_t>& neurons) {
  const at::NoGradGuard no_grad;
  Mlp& mlp = *model.blocks.at(layer)->mlp;
  if (!neurons.empty()) {
    const Tensor index = torch::tensor(neurons, torch::kInt64).to(mlp.W_in.device());
    mlp.W_in.index_fill_(1, index, 0);
    mlp.W_out.index_fill_(0, index, 0);
    if (mlp.b_in.defined()) mlp.b_in.index_fill_(0, index, 0);
  }
  return mlp.W_out.abs().amax(1).gt(0).sum().item<int64_t>();
}

TrainingOutcome train(Transformer& model, const TrainingConfig& config,
                      const LabelledInputs& inputs, const LabelledInputs& held_out,
                      const TrainingIo& io) {
  validate(config);
  const std::vector<Tensor> parameters = parameters_of(model);
  std::unique_ptr<torch::optim::AdamW> optimizer;
  State state;
  if (io.resume && std::filesystem::exists(io.checkpoint))
    state = load_checkpoint(io.checkpoint, model, config, optimizer, parameters);

  const auto start = Clock::now();
  const double cpu_before = state.cpu_seconds - cpu_seconds_of_process();
  const int64_t first_step = state.step;
  TrainingOutcome outcome;
  outcome.last = {.step = first_step,
                  .steps = config.steps(),
                  .cpu_seconds = state.cpu_seconds,
                  .neurons = living_neurons(model)};
  const auto checkpoint = [&] {
    state.cpu_seconds = cpu_before + cpu_seconds_of_process();
    if (!io.checkpoint.empty()) save_checkpoint(io.checkpoint, model, *optimizer, config, state);
  };
  while (state.step < config.steps()) {
    if (io.stop && *io.stop) {
      if (optimizer) checkpoint();
      return outcome;
    }
    const Position position = position_of(config, state.step);
    const Phase& phase = config.phases[position.phase];
    if (position.step == 0) {  // a phase starts with fresh moments, also for what was pruned
      if (phase.keep_neurons > 0)
        prune_neurons(model, last_layer(model),
                      weakest_neurons(model, config, phase.keep_neurons, held_out));
      optimizer = make_optimizer(parameters, config, phase);
    }
    const double rate = learning_rate(phase, config.warmup, position.step);
    optimizer->param_groups()[0].options().set_lr(rate);
    const double loss = accumulate_gradients(model, parameters, config, phase, inputs, state.step);
    if (!std::isfinite(loss))
      throw std::runtime_error(fmt::format("training: the loss is {} at step {}",
                                           std::isnan(loss) ? "NaN" : "infinite", state.step));
    torch::nn::utils::clip_grad_norm_(parameters, config.gradient_clip);
    optimizer->step();
    ++state.step;

    const std::chrono::duration<double> seconds = Clock::now() - start;
    const double rate_of_steps = static_cast<double>(state.step - first_step) / seconds.count();
    const bool last = state.step == config.steps();
    outcome.last = {
        .step = state.step,
        .steps = config.steps(),
        .loss = loss,
        .learning_rate = rate,
        .samples_per_second = rate_of_steps * static_cast<double>(config.batch),
        .seconds_left = static_cast<double>(config.steps() - state.step) / rate_of_steps,
        .cpu_seconds = cpu_before + cpu_seconds_of_process(),
        .neurons = living_neurons(model)};
    if (last || state.step % config.evaluate_every == 0)
      outcome.last.accuracy = accuracy(model, held_out, config.held_out, config.readout);
    if (io.on_progress) io.on_progress(outcome.last);
    if (last || state.step % config.checkpoint_every == 0) checkpoint();
  }
  for (const Tensor& parameter : parameters) parameter.requires_grad_(false);
  outcome.finished = true;
  return outcome;
}

}  // namespace assay::interp
