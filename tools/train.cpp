// `assay train TASK --out DIR`

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <utility>

#include "interp/adapters/model_file.h"
#include "interp/names.h"
#include "interp/training/training.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/manifest_fields.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/run_folder.h"
#include "tools/run_plan.h"
#include "tools/startup.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

// On which the accuracy of the finished model is measured, where inputs have no end.
constexpr int64_t kFinalInputs = 100000;

struct TrainOptions {
  CommonOptions common;
  tasks::Settings settings;
  std::filesystem::path out;
  std::optional<std::string> preset;
  std::optional<int64_t> steps;
  std::optional<int64_t> keep_every;
  bool resume = false;
};

interp::LabelledInputs on_device(interp::LabelledInputs inputs, c10::Device device) {
  return [inputs = std::move(inputs), device](int64_t first, int64_t count) {
    interp::LabelledBatch batch = inputs(first, count);
    for (at::Tensor* part : {&batch.tokens, &batch.labels, &batch.readouts})
      if (part->defined()) *part = part->to(device);
    return batch;
  };
}

/// One training run at work.
struct Run {
  RunPlan plan;
  RunFolder folder;
  std::unique_ptr<RunLock> lock;
  std::unique_ptr<tasks::Task> task;
  tasks::Recipe recipe;
};

/// What the accuracies on the way are measured on.
std::string held_out_in_words(const Run& run) {
  if (run.task->get<tasks::FiniteDomain>())
    return fmt::format("the deriving part, gone through again and again, seed {}", run.plan.seed);
  const int64_t n = run.recipe.training.held_out;
  return fmt::format("inputs {} to {} of the deriving part, seed {}", grouped(n),
                     grouped(2 * n - 1), run.plan.seed);
}

std::string progress_line(const interp::TrainingProgress& now, const std::string& held_out) {
  return fmt::format("step {} of {}  {} left  loss {:.4f}  {} samples/s  held-out {}",
                     grouped(now.step), grouped(now.steps), duration(now.seconds_left), now.loss,
                     grouped(std::llround(now.samples_per_second)), held_out);
}

Run prepare(const tasks::TaskEntry& entry, const TrainOptions& options) {
  const RunFolder folder(options.out);
  const RunRequest request{.task = entry.name,
                           .settings = options.settings,
                           .preset = options.preset,
                           .steps = options.steps,
                           .seed = options.common.seed};
  RunPlan plan = options.resume ? folder.plan() : make_plan(request);
  require_same(plan, request);
  auto task = tasks::task_from_json(plan.task);
  tasks::Recipe recipe = recipe_of(plan, *task);
  auto lock = folder.lock();
  if (!options.resume) folder.begin(plan);
  return {std::move(plan), folder, std::move(lock), std::move(task), std::move(recipe)};
}

/// A network on the way to the finished one, as step-000400.safetensors. So that what reads it
/// sees a network of the run and not more, it says only how old it is.
void keep(const Run& run, const interp::Transformer& model, int64_t step) {
  const at::NoGradGuard no_grad;
  interp::Transformer copy(model.config());
  for (size_t i = 0; i < model.weights().size(); ++i) copy.weights()[i].copy_(model.weights()[i]);
  interp::save_model(copy, run.folder.path() / fmt::format("step-{:06}.safetensors", step),
                     {{"task", run.task->to_json()},
                      {"preset", run.plan.preset},
                      {"seed", run.plan.seed},
                      {"step", step}});
}

interp::TrainingOutcome train(const Run& run, interp::Transformer& model,
                              std::optional<int64_t> keep_every, const Session& session) {
  MetricsLog metrics(run.folder.metrics());
  Progress line(session.console.quiet());
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
    if (keep_every && now.step % *keep_every == 0) keep(run, model, now.step);
    line.show([&] { return progress_line(now, held_out_so_far); });
  };
  const auto inputs = run.task->inputs(tasks::Part::Train, run.plan.seed);
  // The test part is for the finished model alone. Neurons are chosen by the first inputs of the
  // deriving part, so that accuracy on the way is measured on those that follow.
  const auto selection =
      on_device(run.task->inputs(tasks::Part::Derive, run.plan.seed), session.device);
  const auto held_out = [&](int64_t first, int64_t count) {
    return selection(run.recipe.training.held_out + first, count);
  };
  return interp::train(model, run.recipe.training, on_device(inputs, session.device), held_out,
                       {.checkpoint = run.folder.checkpoint(),
                        .resume = true,
                        .on_progress = on_progress,
                        .stop = &watch_interrupts(),
                        .selection = selection});
}

double measured_accuracy(const Run& run, const interp::Transformer& model,
                         const interp::LabelledInputs& inputs, int64_t count,
                         const Session& session) {
  Progress line(session.console.quiet());
  return interp::accuracy(
      model, on_device(inputs, session.device), count, run.recipe.training.readout,
      [&](int64_t done, int64_t of) { line.count(done, of, "inputs answered"); });
}

Accuracy measured_on(const interp::LabelledBatch& batch, const std::string& of, const Run& run,
                     const interp::Transformer& model, const Session& session) {
  const auto slice = [&](int64_t first, int64_t count) {
    interp::LabelledBatch some{batch.tokens.narrow(0, first, count),
                               batch.labels.narrow(0, first, count)};
    if (batch.readouts.defined()) some.readouts = batch.readouts.narrow(0, first, count);
    return some;
  };
  const int64_t n = batch.tokens.size(0);
  return {.share = measured_accuracy(run, model, slice, n, session), .inputs = n, .of = of};
}

/// How often the finished model is right: on all inputs never trained on, where they can be listed,
/// and on all those that it was trained on; else on fresh ones.
void measure_accuracies(TrainedRecord& trained, const Run& run, const interp::Transformer& model,
                        const Session& session) {
  const auto* finite = run.task->get<tasks::FiniteDomain>();
  if (!finite) {
    const auto test = run.task->inputs(tasks::Part::Test, run.plan.seed);
    trained.accuracy =
        Accuracy{.share = measured_accuracy(run, model, test, kFinalInputs, session),
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
      model, session);
  trained.accuracy_trained =
      measured_on(known, "inputs, all those trained on", run, model, session);
}

/// Measures and saves the finished model.
ManifestRecord finish(const Run& run, interp::Transformer& model,
                      const interp::TrainingOutcome& outcome, const Session& session) {
  TrainedRecord trained{.task = run.task->to_json(),
                        .preset = run.plan.preset,
                        .recipe = interp::to_json(run.recipe.training),
                        .seed = run.plan.seed,
                        .samples = run.recipe.training.steps() * run.recipe.training.batch,
                        .cpu_seconds = std::round(outcome.last.cpu_seconds),
                        .accuracy = {},
                        .accuracy_trained = {}};
  measure_accuracies(trained, run, model, session);
  model.to(c10::Device("cpu"));
  const std::string model_sha256 =
      interp::save_model(model, run.folder.model(), interp::write_record(trained));
  return {.head = {.plan = run.plan, .finished = true},
          .trained = std::move(trained),
          .neurons = outcome.last.neurons,
          .blas = describe(session.blas),
          .model_sha256 = model_sha256};
}

void print_start(const Run& run, const Session& session) {
  const Console& console = session.console;
  console.fact("task", describe(*run.task));
  console.fact("preset",
               fmt::format("{}, {} steps of {} inputs, seed {}", run.plan.preset,
                           grouped(run.plan.steps), run.recipe.training.batch, run.plan.seed));
  console.fact("held out", fmt::format("accuracy on the way: {}", held_out_in_words(run)));
  console.fact("BLAS", describe(session.blas));
  console.fact("folder", run.folder.path().string());
}

void print_end(const Run& run, const TrainedRecord& trained, const Console& console) {
  const char* name = "accuracy";
  for (const auto& accuracy : {trained.accuracy, trained.accuracy_trained})
    if (accuracy)
      console.fact(std::exchange(name, ""),
                   fmt::format("{} {}", accuracy_in_words(*accuracy, 4), accuracy->of));
  console.fact("trained on", fmt::format("{} inputs, {} of processor time",
                                         grouped(trained.samples), duration(trained.cpu_seconds)));
  console.fact("model", run.folder.model().string());
}

int run_train(const tasks::TaskEntry& entry, const TrainOptions& options) {
  const Session session = start(options.common);
  const Run run = prepare(entry, options);
  if (const auto manifest = run.folder.finished()) {
    session.console.line("finished before, nothing is left to do");
    print_end(run, interp::read_record<TrainedRecord>(*manifest, run.folder.manifest().string()),
              session.console);
    write_report(options.common, *manifest);
    return kDone;
  }
  if (options.resume) run.folder.require_same_loaded();
  print_start(run, session);

  interp::Transformer model(run.recipe.model);
  interp::initialise(model, run.recipe.initialisation);
  model.to(session.device);
  const interp::TrainingOutcome outcome = train(run, model, options.keep_every, session);
  if (!outcome.finished) {
    session.console.insist(fmt::format(
        "stopped at step {} of {}{}; go on with:\n"
        "  assay train {} --out {} --resume",
        grouped(outcome.last.step), grouped(outcome.last.steps),
        outcome.last.step > 0 ? ", checkpoint saved" : "", entry.name, options.out.string()));
    return kInterrupted;
  }
  const ManifestRecord record = finish(run, model, outcome, session);
  const ordered_json manifest = report_of("training", record);
  run.folder.finish(manifest);
  print_end(run, record.trained, session.console);
  write_report(options.common, manifest);
  return kDone;
}

std::string list_of_presets(const tasks::TaskEntry& entry) {
  std::string text = "Presets:\n";
  for (const tasks::Preset& preset : entry.presets) {
    text += fmt::format("  {:<10} {}\n", preset.name, wrapped(preset.help, 80, 13));
  }
  return text;
}

Command add_training_of(CLI::App& app, const tasks::TaskEntry& entry) {
  const auto options = std::make_shared<TrainOptions>();
  app.add_option("--out", options->out, "folder of the run")->required()->type_name("DIR");
  app.add_option("--preset", options->preset,
                 fmt::format("recipe, see below (default: {})", entry.presets.front().name))
      ->type_name("NAME");
  choices(app.get_option("--preset"), interp::names_of(entry.presets));
  add_options(app, entry.options, options->settings);
  app.add_option("--steps", options->steps, "total steps, shared out over the recipe's phases")
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_option("--keep-every", options->keep_every,
                 "keep the network every so many steps, as step-000100.safetensors")
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_flag("--resume", options->resume, "go on with the run in DIR");
  add_common_options(app, options->common);
  app.footer(fmt::format(
      "{}\nWrites model.safetensors, metrics.jsonl and a manifest into the folder, and a "
      "checkpoint on the way: after an interruption --resume goes on to the same weights.\n"
      "\nExample:\n  assay train {} --preset {} --out runs/demo",
      list_of_presets(entry), entry.name, entry.presets.front().name));
  return [&entry, options] { return run_train(entry, *options); };
}

}  // namespace

Command add_train(CLI::App& app) {
  app.footer(
      "Every task has options and presets of its own: assay train two-sat --help\n"
      "\nExample:\n  assay train two-sat --preset demo --out runs/demo");
  const auto has_recipe = [](const tasks::TaskEntry& entry) { return !entry.presets.empty(); };
  return for_each_task(app, has_recipe, add_training_of);
}

}  // namespace assay::tools
