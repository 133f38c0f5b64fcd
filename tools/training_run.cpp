#include "tools/training_run.h"

#include <torch/types.h>

#include <cmath>
#include <utility>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tools/interrupt.h"
#include "tools/progress.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

// On which the accuracy of the finished model is measured, where inputs have no end.
constexpr int64_t kFinalInputs = 100000;

interp::LabelledInputs on_device(interp::LabelledInputs inputs, c10::Device device) {
  return [inputs = std::move(inputs), device](int64_t first, int64_t count) {
    interp::LabelledBatch batch = inputs(first, count);
    for (at::Tensor* part : {&batch.tokens, &batch.labels, &batch.readouts})
      if (part->defined()) *part = part->to(device);
    return batch;
  };
}

/// A network on the way to the finished one, as step-000400.safetensors. So that what reads it
/// sees a network of the run and not more, it says only how old it is.
void keep(const TrainingRun& run, const interp::Transformer& model, int64_t step) {
  const at::NoGradGuard no_grad;
  interp::Transformer copy(model.config());
  for (size_t i = 0; i < model.weights().size(); ++i) copy.weights()[i].copy_(model.weights()[i]);
  interp::save_model(copy, run.folder.path() / fmt::format("step-{:06}.safetensors", step),
                     {{"task", run.task->to_json()},
                      {"preset", run.plan.preset},
                      {"seed", run.plan.seed},
                      {"step", step}});
}

std::string progress_line(const interp::TrainingProgress& now, const std::string& held_out) {
  return fmt::format("step {} of {}  {} left  loss {:.4f}  {} samples/s  held-out {}",
                     grouped(now.step), grouped(now.steps), duration(now.seconds_left), now.loss,
                     grouped(std::llround(now.samples_per_second)), held_out);
}

interp::TrainingOutcome train(const TrainingRun& run, interp::Transformer& model,
                              const TrainingConditions& conditions) {
  MetricsLog metrics(run.folder.metrics());
  Progress line(conditions.quiet);
  const bool draws =
      !run.task->get<tasks::FiniteDomain>();  // else the part is gone through, again and again
  std::string held_out_so_far = "–";
  const auto on_progress = [&](const interp::TrainingProgress& now) {
    interp::FieldWriter measured;
    if (now.accuracy >= 0) {
      std::optional<Accuracy> accuracy = Accuracy{.share = now.accuracy,
                                                  .inputs = run.recipe.training.held_out,
                                                  .of = held_out_in_words(run),
                                                  .draws = draws};
      accuracy_fields(measured, "accuracy", accuracy);
      held_out_so_far = accuracy_in_words(*accuracy, 2);
    }
    metrics.record(now, measured.json);
    if (conditions.keep_every && now.step % *conditions.keep_every == 0) keep(run, model, now.step);
    line.show([&] { return progress_line(now, held_out_so_far); });
    if (conditions.on_progress) conditions.on_progress(now);
  };
  const auto inputs = run.task->inputs(tasks::Part::Train, run.plan.seed);
  // The test part is for the finished model alone. Neurons are chosen by the first inputs of the
  // deriving part, so that accuracy on the way is measured on those that follow.
  const auto selection =
      on_device(run.task->inputs(tasks::Part::Derive, run.plan.seed), conditions.device);
  const auto held_out = [&](int64_t first, int64_t count) {
    return selection(run.recipe.training.held_out + first, count);
  };
  return interp::train(model, run.recipe.training, on_device(inputs, conditions.device), held_out,
                       {.checkpoint = run.folder.checkpoint(),
                        .resume = true,
                        .on_progress = on_progress,
                        .stop = &watch_interrupts(),
                        .selection = selection});
}

double measured_accuracy(const TrainingRun& run, const interp::Transformer& model,
                         const interp::LabelledInputs& inputs, int64_t count,
                         const TrainingConditions& conditions) {
  Progress line(conditions.quiet);
  return interp::accuracy(
      model, on_device(inputs, conditions.device), count, run.recipe.training.readout,
      [&](int64_t done, int64_t of) { line.count(done, of, "inputs answered"); });
}

Accuracy measured_on(const interp::LabelledBatch& batch, const std::string& of,
                     const TrainingRun& run, const interp::Transformer& model,
                     const TrainingConditions& conditions) {
  const auto slice = [&](int64_t first, int64_t count) {
    interp::LabelledBatch some{batch.tokens.narrow(0, first, count),
                               batch.labels.narrow(0, first, count)};
    if (batch.readouts.defined()) some.readouts = batch.readouts.narrow(0, first, count);
    return some;
  };
  const int64_t n = batch.tokens.size(0);
  return {.share = measured_accuracy(run, model, slice, n, conditions), .inputs = n, .of = of};
}

/// How often the finished model is right: on all inputs never trained on, where they can be listed,
/// and on all those that it was trained on; else on fresh ones.
void measure_accuracies(TrainedRecord& trained, const TrainingRun& run,
                        const interp::Transformer& model, const TrainingConditions& conditions) {
  const auto* finite = run.task->get<tasks::FiniteDomain>();
  if (!finite) {
    const auto test = run.task->inputs(tasks::Part::Test, run.plan.seed);
    trained.accuracy =
        Accuracy{.share = measured_accuracy(run, model, test, kFinalInputs, conditions),
                 .inputs = kFinalInputs,
                 .of = fmt::format("fresh inputs, test part, seed {}", run.plan.seed),
                 .draws = true};
    return;
  }
  const tasks::Domain domain = finite->all();
  const interp::LabelledBatch known = domain.of({tasks::Part::Train});
  interp::LabelledBatch unseen = domain.of({tasks::Part::Derive, tasks::Part::Test});
  const bool all_trained = unseen.tokens.size(0) == 0;
  if (all_trained) unseen = known;
  trained.accuracy = measured_on(
      unseen,
      all_trained ? "inputs, all there are, trained on" : "inputs, all those never trained on", run,
      model, conditions);
  trained.accuracy_trained =
      measured_on(known, "inputs, all those trained on", run, model, conditions);
}

/// Measures and saves the finished model.
ManifestRecord measured(const TrainingRun& run, interp::Transformer& model,
                        const interp::TrainingOutcome& outcome,
                        const TrainingConditions& conditions) {
  TrainedRecord trained{.task = run.task->to_json(),
                        .preset = run.plan.preset,
                        .recipe = run.recipe.training,
                        .seed = run.plan.seed,
                        .samples = run.recipe.training.steps() * run.recipe.training.batch,
                        .cpu_seconds = std::round(outcome.last.cpu_seconds),
                        .accuracy = {},
                        .accuracy_trained = {}};
  measure_accuracies(trained, run, model, conditions);
  model.to(c10::Device("cpu"));
  const std::string model_sha256 =
      interp::save_model(model, run.folder.model(), interp::write_record(trained));
  return {.head = {.plan = run.plan, .finished = true},
          .trained = std::move(trained),
          .neurons = outcome.last.neurons,
          .blas = conditions.blas,
          .model_sha256 = model_sha256};
}

}  // namespace

TrainingRun open_run(const RunFolder& folder, RunPlan plan, bool begun) {
  auto task = tasks::task_from_json(plan.task);
  tasks::Recipe recipe = recipe_of(plan, *task);
  auto lock = folder.lock();
  if (!begun) folder.begin(plan);
  return {std::move(plan), folder, std::move(lock), std::move(task), std::move(recipe)};
}

std::string held_out_in_words(const TrainingRun& run) {
  if (run.task->get<tasks::FiniteDomain>())
    return fmt::format("the deriving part, gone through again and again, seed {}", run.plan.seed);
  const int64_t n = run.recipe.training.held_out;
  return fmt::format("inputs {} to {} of the deriving part, seed {}", grouped(n),
                     grouped(2 * n - 1), run.plan.seed);
}

TrainingEnd go_on(const TrainingRun& run, const TrainingConditions& conditions) {
  interp::Transformer model(run.recipe.model);
  interp::initialise(model, run.recipe.initialisation);
  model.to(conditions.device);
  const interp::TrainingOutcome outcome = train(run, model, conditions);
  if (!outcome.finished) return {.last = outcome.last};
  const nlohmann::ordered_json manifest =
      report_of("training", measured(run, model, outcome, conditions));
  run.folder.finish(manifest);
  return {.last = outcome.last, .manifest = manifest};
}

}  // namespace assay::tools
