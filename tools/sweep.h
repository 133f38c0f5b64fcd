#pragma once
// Trainings that differ in recipe, seed, steps or the task's settings: `assay train --sweep FILE`.
// The file gives lists, and every combination of their elements is one run, with a folder of its
// own, in which it is what `assay train` would have made of it.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "interp/files/fields.h"
#include "tools/manifest_fields.h"
#include "tools/run_plan.h"

namespace assay::tools {

/// What is to be combined; what is left out is as `assay train` has it.
struct SweepRequest {
  std::optional<std::vector<std::string>> presets;
  std::optional<std::vector<uint64_t>> seeds;
  std::optional<std::vector<int64_t>> steps;
  std::optional<nlohmann::ordered_json> settings;  ///< by name of a task's option, a list of values
};

/// @throws std::runtime_error, beginning with the file's name: for what cannot be read, unknown
///   members, empty lists and elements that stand twice in one.
SweepRequest read_sweep(const std::filesystem::path& file);

struct SweptOutcome {
  double cpu_seconds = 0;
  std::optional<Accuracy> accuracy, accuracy_trained;
  std::string model_sha256;
};

struct SweptRun {
  std::string folder;  ///< `02-main-seed-7`, within the sweep's
  std::string recipe;  ///< what it has in common with runs of other seeds: `main, clauses 4`
  RunPlan plan;
  std::optional<SweptOutcome> outcome;
  std::optional<std::string> failed;  ///< why there is none
};

struct SweepRecord {
  std::vector<SweptRun> runs;
};

/// All combinations; seeds vary fastest.
/// @param settings  of the task, for all runs.
/// @throws std::invalid_argument as make_plan() does, for a setting that is given for all runs and
///   in the file, and for more than 10,000 runs.
std::vector<SweptRun> runs_of(const SweepRequest& request, const std::string& task,
                              const tasks::Settings& settings);

/// How far the accuracies of one recipe lie apart.
struct RecipeOutcome {
  std::string recipe;
  std::vector<double> accuracies;  ///< of the runs that are done, in ascending order
  int64_t runs = 0;                ///< those that are not included
};
std::vector<RecipeOutcome> recipes_of(const SweepRecord& record);
/// Of numbers in ascending order, at least one.
double median_of(const std::vector<double>& sorted);

/// "All 6 runs are done. Accuracy is between 71.2% (02-demo-seed-2) and 99.95% (04-main-seed-1)."
std::string sweep_sentence(const SweepRecord& record);

template <class V>
void fields(V& v, SweepRequest& request) {
  namespace shapes = interp::json_shapes;
  v("presets", request.presets, "recipes of the task", shapes::list(shapes::text(), 1));
  v("seeds", request.seeds, "of weights and inputs", shapes::list(shapes::natural(), 1));
  v("steps", request.steps, "of all phases", shapes::list(shapes::integer(1), 1));
  v("settings", request.settings, "values of the task's options, by name",
    shapes::map(shapes::list(shapes::anything(), 1)));
}

template <class V>
void fields(V& v, SweptOutcome& outcome) {
  v("cpu_seconds", outcome.cpu_seconds, "of processor time", interp::json_shapes::number(0));
  accuracy_fields(v, "accuracy", outcome.accuracy);
  accuracy_fields(v, "accuracy_trained", outcome.accuracy_trained);
  v("model_sha256", outcome.model_sha256, "of the model that was written");
}

template <class V>
void fields(V& v, SweptRun& run) {
  v("folder", run.folder, "of the run, within the sweep's");
  v("recipe", run.recipe, "what it shares with runs of other seeds");
  v("plan", run.plan, "what was going to be done");
  v("outcome", run.outcome, "absent while it is to do, and where it failed");
  v("failed", run.failed, "why, where it did");
}

template <class V>
void fields(V& v, SweepRecord& sweep) {
  v("runs", sweep.runs, "one for each combination");
}

}  // namespace assay::tools
