// `assay train TASK --out DIR`

#include <CLI/CLI.hpp>
#include <utility>

#include "interp/names.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/manifest_fields.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/startup.h"
#include "tools/sweep_run.h"
#include "tools/task_options.h"
#include "tools/training_run.h"

namespace assay::tools {
namespace {

struct TrainOptions {
  CommonOptions common;
  tasks::Settings settings;
  std::filesystem::path out;
  std::optional<std::string> preset;
  std::optional<int64_t> steps;
  std::optional<int64_t> keep_every;
  std::filesystem::path sweep;
  bool resume = false;
};

TrainingRun prepare(const tasks::TaskEntry& entry, const TrainOptions& options) {
  const RunFolder folder(options.out);
  const RunRequest request{.task = entry.name,
                           .settings = options.settings,
                           .preset = options.preset,
                           .steps = options.steps,
                           .seed = options.common.seed};
  RunPlan plan = options.resume ? folder.plan() : make_plan(request);
  require_same(plan, request);
  return open_run(folder, std::move(plan), /*begun=*/options.resume);
}

void print_start(const TrainingRun& run, const Session& session) {
  const Console& console = session.console;
  console.fact("task", describe(*run.task));
  console.fact("preset",
               fmt::format("{}, {} steps of {} inputs, seed {}", run.plan.preset,
                           grouped(run.plan.steps), run.recipe.training.batch, run.plan.seed));
  console.fact("held out", fmt::format("accuracy on the way: {}", held_out_in_words(run)));
  console.fact("BLAS", describe(session.blas));
  console.fact("folder", run.folder.path().string());
}

void print_end(const TrainingRun& run, const TrainedRecord& trained, const Console& console) {
  const char* name = "accuracy";
  for (const auto& accuracy : {trained.accuracy, trained.accuracy_trained})
    if (accuracy) console.fact(std::exchange(name, ""), accuracy_sentence(*accuracy));
  console.fact("trained on", fmt::format("{} inputs, {} of processor time",
                                         grouped(trained.samples), duration(trained.cpu_seconds)));
  console.fact("model", run.folder.model().string());
}

int run_train(const tasks::TaskEntry& entry, const TrainOptions& options) {
  if (!options.sweep.empty())
    return run_sweep({.task = entry.name,
                      .settings = options.settings,
                      .file = options.sweep,
                      .out = options.out,
                      .keep_every = options.keep_every,
                      .resume = options.resume},
                     options.common);
  const Session session = start(options.common);
  const TrainingRun run = prepare(entry, options);
  if (const auto manifest = run.folder.finished()) {
    session.console.line("finished before, nothing is left to do");
    print_end(run, interp::read_record<TrainedRecord>(*manifest, run.folder.manifest().string()),
              session.console);
    write_report(options.common, *manifest);
    return kDone;
  }
  if (options.resume) run.folder.require_same_loaded();
  print_start(run, session);

  const TrainingEnd end = go_on(run, {.device = session.device,
                                      .blas = describe(session.blas),
                                      .keep_every = options.keep_every,
                                      .quiet = session.console.quiet()});
  if (!end.manifest) {
    session.console.insist(fmt::format(
        "stopped at step {} of {}{}; go on with:\n"
        "  assay train {} --out {} --resume",
        grouped(end.last.step), grouped(end.last.steps),
        end.last.step > 0 ? ", checkpoint saved" : "", entry.name, options.out.string()));
    return kInterrupted;
  }
  print_end(run, interp::read_checked<TrainedRecord>(*end.manifest), session.console);
  write_report(options.common, *end.manifest);
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
  CLI::Option* sweep = app.add_option(
      "--sweep", options->sweep,
      "JSON with lists of presets, seeds, steps and settings: every combination is a run");
  sweep->type_name("FILE")->excludes("--preset")->excludes("--steps");
  app.add_flag("--resume", options->resume, "go on with the run or the sweep in DIR");
  add_common_options(app, options->common);
  sweep->excludes("--seed");
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
