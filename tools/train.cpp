// `assay train TASK --out DIR`

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <cmath>

#include "interp/files.h"
#include "interp/model_file.h"
#include "interp/training.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
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

std::string progress_line(const interp::TrainingProgress& now, double accuracy) {
  const std::string held_out = accuracy < 0 ? "–" : fmt::format("{:.2f}%", 100 * accuracy);
  return fmt::format("step {} of {}  loss {:.4f}  held-out {}  {} samples/s  {} left",
                     grouped(now.step), grouped(now.steps), now.loss, held_out,
                     grouped(std::llround(now.samples_per_second)), duration(now.seconds_left));
}

/// One training run at work.
struct Run {
  RunPlan plan;
  RunFolder folder;
  std::unique_ptr<tasks::Task> task;
  tasks::Recipe recipe;
};

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
  if (!options.resume) folder.begin(plan);
  return {std::move(plan), folder, std::move(task), std::move(recipe)};
}

interp::TrainingOutcome train(const Run& run, interp::Transformer& model, const Session& session) {
  MetricsLog metrics(run.folder.metrics());
  Progress line(session.console.quiet());
  double accuracy = -1;
  const auto on_progress = [&](const interp::TrainingProgress& now) {
    metrics.record(now);
    if (now.accuracy >= 0) accuracy = now.accuracy;
    line.show([&] { return progress_line(now, accuracy); });
  };
  // Evaluated on the deriving part while training, so that nothing is ever chosen by the test part.
  const auto inputs = run.task->inputs(tasks::Part::Train, run.plan.seed);
  const auto held_out = run.task->inputs(tasks::Part::Derive, run.plan.seed);
  return interp::train(model, run.recipe.training, on_device(inputs, session.device),
                       on_device(held_out, session.device),
                       {.checkpoint = run.folder.checkpoint(),
                        .resume = true,
                        .on_progress = on_progress,
                        .stop = &watch_interrupts()});
}

double measured_accuracy(const Run& run, const interp::Transformer& model,
                         const interp::LabelledInputs& inputs, int64_t count,
                         const Session& session) {
  Progress line(session.console.quiet());
  return interp::accuracy(
      model, on_device(inputs, session.device), count, run.recipe.training.readout,
      [&](int64_t done, int64_t of) { line.count(done, of, "inputs answered"); });
}

double accuracy_on(const interp::LabelledBatch& batch, const Run& run,
                   const interp::Transformer& model, const Session& session) {
  const auto slice = [&](int64_t first, int64_t count) {
    return interp::LabelledBatch{batch.tokens.narrow(0, first, count),
                                 batch.labels.narrow(0, first, count)};
  };
  return measured_accuracy(run, model, slice, batch.tokens.size(0), session);
}

/// How often the finished model is right: on all inputs never trained on, where they can be listed,
/// and on all those that it was trained on; else on fresh ones.
ordered_json accuracies(const Run& run, const interp::Transformer& model, const Session& session) {
  const std::optional<tasks::Domain> domain = run.task->domain();
  if (!domain) {
    const auto test = run.task->inputs(tasks::Part::Test, run.plan.seed);
    return {{"accuracy", measured_accuracy(run, model, test, kFinalInputs, session)},
            {"accuracy_inputs", kFinalInputs}};
  }
  const interp::LabelledBatch trained = domain->of({tasks::Part::Train});
  interp::LabelledBatch unseen = domain->of({tasks::Part::Derive, tasks::Part::Test});
  if (unseen.tokens.size(0) == 0) unseen = trained;
  return {{"accuracy", accuracy_on(unseen, run, model, session)},
          {"accuracy_inputs", unseen.tokens.size(0)},
          {"accuracy_trained", accuracy_on(trained, run, model, session)},
          {"accuracy_trained_inputs", trained.tokens.size(0)}};
}

/// Measures and saves the finished model. @return the manifest.
ordered_json finish(const Run& run, interp::Transformer& model,
                    const interp::TrainingOutcome& outcome, const Session& session) {
  const ordered_json measured = accuracies(run, model, session);
  ordered_json facts = {{"task", run.task->to_json()},
                        {"preset", run.plan.preset},
                        {"recipe", interp::to_json(run.recipe.training)},
                        {"seed", run.plan.seed},
                        {"samples", run.recipe.training.steps() * run.recipe.training.batch},
                        {"cpu_seconds", std::round(outcome.last.cpu_seconds)},
                        {"accuracy", measured.at("accuracy")}};
  model.to(c10::Device("cpu"));
  interp::save_model(model, run.folder.model(), facts);

  ordered_json manifest = report_head();
  manifest["plan"] = to_json(run.plan);
  manifest["finished"] = true;
  manifest.update(facts);
  manifest.update(measured);
  manifest["neurons"] = outcome.last.neurons;
  manifest["blas"] = describe(session.blas);
  manifest["model_sha256"] = interp::sha256_of_file(run.folder.model());
  interp::write_file(run.folder.manifest(), manifest.dump(1) + "\n");
  return manifest;
}

void print_start(const Run& run, const Session& session) {
  const Console& console = session.console;
  console.fact("task", describe(*run.task));
  console.fact("preset",
               fmt::format("{}, {} steps of {} inputs, seed {}", run.plan.preset,
                           grouped(run.plan.steps), run.recipe.training.batch, run.plan.seed));
  console.fact("BLAS", describe(session.blas));
  console.fact("folder", run.folder.path().string());
}

void print_end(const Run& run, const ordered_json& manifest, const Console& console) {
  const auto share = [&](const std::string& name) {
    return fmt::format("{:.4f}% of {}", 100 * manifest[name].get<double>(),
                       grouped(manifest[name + "_inputs"]));
  };
  const bool listed = manifest.contains("accuracy_trained");
  console.fact("accuracy", fmt::format("{} {} never trained on", share("accuracy"),
                                       listed ? "inputs, all those" : "balanced inputs"));
  if (listed) console.fact("", fmt::format("{} trained on", share("accuracy_trained")));
  console.fact("trained on",
               fmt::format("{} inputs, {} of processor time", grouped(manifest["samples"]),
                           duration(manifest["cpu_seconds"])));
  console.fact("model", run.folder.model().string());
}

int run_train(const tasks::TaskEntry& entry, const TrainOptions& options) {
  const Session session = start(options.common);
  const Run run = prepare(entry, options);
  print_start(run, session);

  interp::Transformer model(run.recipe.model);
  interp::initialise(model, run.recipe.initialisation);
  model.to(session.device);
  const interp::TrainingOutcome outcome = train(run, model, session);
  if (!outcome.finished) {
    session.console.insist(fmt::format(
        "stopped at step {} of {}, checkpoint saved; go on with:\n"
        "  assay train {} --out {} --resume",
        grouped(outcome.last.step), grouped(outcome.last.steps), entry.name, options.out.string()));
    return kInterrupted;
  }
  const ordered_json manifest = finish(run, model, outcome, session);
  print_end(run, manifest, session.console);
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
  add_settings(app, entry.settings, options->settings);
  app.add_option("--steps", options->steps, "total steps, shared out over the recipe's phases")
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
  return for_each_task(app, add_training_of);
}

}  // namespace assay::tools
