#include "tools/sweep_run.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <stdexcept>

#include "interp/execution/parallel.h"
#include "interp/files/files.h"
#include "interp/files/json_text.h"
#include "tools/interrupt.h"
#include "tools/plural.h"
#include "tools/progress.h"
#include "tools/startup.h"
#include "tools/streams.h"
#include "tools/sweep.h"
#include "tools/table.h"
#include "tools/training_run.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

SweptOutcome outcome_of_manifest(const ordered_json& manifest, const std::string& where) {
  const auto record = interp::read_record<ManifestRecord>(manifest, where);
  return {.cpu_seconds = record.trained.cpu_seconds,
          .accuracy = record.trained.accuracy,
          .accuracy_trained = record.trained.accuracy_trained,
          .model_sha256 = record.model_sha256};
}

/// The runs of a sweep while they are made, from several threads.
class Sweep {
 public:
  Sweep(const SweepOptions& options, const CommonOptions& common, const Session& session)
      : options_(options),
        session_(session),
        record_{runs_of(read_sweep(options.file), options.task, options.settings)},
        line_(common.quiet),
        steps_(record_.runs.size()) {
    if (options.resume)
      require_same_sweep();
    else if (fs::exists(file()))
      throw std::runtime_error(
          fmt::format("{}: holds a sweep already: go on with --resume, or choose another folder",
                      options.out.string()));
    lock_ = RunFolder(options.out).lock();  // makes the folder, so not before all that is refused
    save();
  }

  fs::path file() const { return options_.out / "sweep.json"; }
  const SweepRecord& record() const { return record_; }

  void make(int64_t index) {
    SweptRun& run = record_.runs[static_cast<size_t>(index)];
    std::optional<SweptOutcome> outcome;
    std::optional<std::string> failed;
    try {
      outcome = made(run, index);
    } catch (const std::exception& error) {
      failed = error.what();
    }
    const std::lock_guard lock(mutex_);
    run.outcome = std::move(outcome);
    run.failed = std::move(failed);
    steps_[static_cast<size_t>(index)] = run.plan.steps;
    save();
  }

 private:
  void require_same_sweep() const {
    if (!fs::exists(file()))
      throw std::runtime_error(fmt::format("{}: no sweep to resume here", options_.out.string()));
    const auto begun =
        interp::read_record<SweepRecord>(read_record(file(), "sweep"), file().string());
    const auto plans = [](const SweepRecord& record) {
      std::vector<std::pair<std::string, ordered_json>> all;
      for (const SweptRun& run : record.runs) all.emplace_back(run.folder, to_json(run.plan));
      return all;
    };
    if (plans(begun) != plans(record_))
      throw std::runtime_error(
          fmt::format("{}: --resume goes on with the sweep as it was begun: its runs are not those "
                      "of {}",
                      file().string(), options_.file.string()));
  }

  std::optional<SweptOutcome> made(const SweptRun& run, int64_t index) {
    const RunFolder folder(options_.out / run.folder);
    const bool begun = fs::exists(folder.manifest());
    if (begun) {
      if (to_json(folder.plan()) != to_json(run.plan))
        throw std::runtime_error(
            fmt::format("{}: the manifest of another run", folder.manifest().string()));
      if (const auto manifest = folder.finished())
        return outcome_of_manifest(*manifest, folder.manifest().string());
      folder.require_same_loaded();
    }
    const TrainingEnd end =
        go_on(open_run(folder, run.plan, begun),
              {.device = session_.device,
               .blas = describe(session_.blas),
               .keep_every = options_.keep_every,
               .quiet = true,
               .on_progress = [&](const interp::TrainingProgress& now) { show(index, now.step); }});
    if (!end.manifest) return std::nullopt;
    return outcome_of_manifest(*end.manifest, folder.manifest().string());
  }

  void show(int64_t index, int64_t step) {
    const std::lock_guard lock(mutex_);
    steps_[static_cast<size_t>(index)] = step;
    line_.show([&] {
      const auto done = std::ranges::count_if(
          record_.runs, [](const SweptRun& run) { return run.outcome.has_value(); });
      int64_t of = 0;
      for (const SweptRun& run : record_.runs) of += run.plan.steps;
      return fmt::format("{} of {} done  step {} of {} of all together", grouped(done),
                         counted(std::ssize(record_.runs), "run"),
                         grouped(std::reduce(steps_.begin(), steps_.end())), grouped(of));
    });
  }

  void save() const {
    interp::write_file(file(), interp::json_text(report_of("sweep", record_), 1) + "\n");
  }

  const SweepOptions& options_;
  const Session& session_;
  SweepRecord record_;
  std::unique_ptr<RunLock> lock_;
  Progress line_;
  std::mutex mutex_;
  std::vector<int64_t> steps_;  // done of each run
};

void print_runs(const SweepRecord& record, const Console& console) {
  Table table({{"run", Align::Left}, {"recipe", Align::Left}, {"accuracy"}, {"95%"}, {"CPU time"}});
  for (const SweptRun& run : record.runs) {
    std::string accuracy = run.failed ? "failed" : "–", interval, time;
    if (run.outcome) {
      time = duration(run.outcome->cpu_seconds);
      if (run.outcome->accuracy) {
        accuracy = fmt::format("{:.2f}%", 100 * run.outcome->accuracy->share);
        if (const auto bounds = interval_of(*run.outcome->accuracy))
          interval = fmt::format("{:.2f}% to {:.2f}%", 100 * bounds->at(0), 100 * bounds->at(1));
      }
    }
    table.add_row({{run.folder}, {run.recipe}, {accuracy}, {interval}, {time}});
  }
  console.line();
  console.line(table.to_string(console.colour()));
}

void print_recipes(const SweepRecord& record, const Console& console) {
  Table table({{"recipe", Align::Left}, {"runs"}, {"least"}, {"median"}, {"greatest"}});
  const auto percent = [](double share) { return fmt::format("{:.2f}%", 100 * share); };
  bool several = false;
  for (const RecipeOutcome& recipe : recipes_of(record)) {
    const std::vector<double>& all = recipe.accuracies;
    if (all.empty()) continue;
    several |= all.size() > 1;
    table.add_row({{recipe.recipe},
                   {fmt::format("{} of {}", all.size(), recipe.runs)},
                   {percent(all.front())},
                   {percent(median_of(all))},
                   {percent(all.back())}});
  }
  if (!several) return;
  console.line();
  console.line(table.to_string(console.colour()));
}

}  // namespace

int run_sweep(const SweepOptions& options, const CommonOptions& common) {
  const Session session = start(common);
  const std::atomic<bool>& stop = watch_interrupts();
  SweepRecord record;
  {
    Sweep sweep(options, common, session);
    session.console.fact("task", options.task);
    session.console.fact("runs", fmt::format("{}, those of {}", std::ssize(sweep.record().runs),
                                             options.file.string()));
    session.console.fact("folder", options.out.string());
    interp::parallel_for(std::ssize(sweep.record().runs), [&](int64_t i) {
      if (!stop) sweep.make(i);
    });
    record = sweep.record();
  }
  session.console.line();
  session.console.line(wrapped(sweep_sentence(record), width_of(stdout), 0));
  print_runs(record, session.console);
  print_recipes(record, session.console);
  write_report(common, report_of("sweep", record));
  const bool unfinished = std::ranges::any_of(
      record.runs, [](const SweptRun& run) { return !run.outcome && !run.failed; });
  if (unfinished) {
    // Settings and threads included: they belong to the runs as much as the file does.
    session.console.insist(fmt::format("stopped; go on with:\n  {}{}", command_line(),
                                       options.resume ? "" : " --resume"));
    return kInterrupted;
  }
  for (const SweptRun& run : record.runs)
    if (run.failed)
      throw std::runtime_error(
          fmt::format("{}: {}", (options.out / run.folder).string(), *run.failed));
  return kDone;
}

}  // namespace assay::tools
