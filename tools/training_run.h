#pragma once
// One training at work: from its folder, as it stands there, to a model that has been measured.

#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "interp/training/training.h"
#include "tools/manifest_fields.h"
#include "tools/run_folder.h"
#include "tools/run_plan.h"

namespace assay::tools {

/// A run whose folder is locked for as long as this lives.
struct TrainingRun {
  RunPlan plan;
  RunFolder folder;
  std::unique_ptr<RunLock> lock;
  std::unique_ptr<tasks::Task> task;
  tasks::Recipe recipe;
};

/// @param begun  whether the folder holds this run already; else it is begun there.
/// @throws as RunFolder::lock() and RunFolder::begin().
TrainingRun open_run(const RunFolder& folder, RunPlan plan, bool begun);

/// What the accuracies on the way are measured on, in words.
std::string held_out_in_words(const TrainingRun& run);

struct TrainingConditions {
  c10::Device device = c10::kCPU;
  std::string blas = {};  ///< in words
  std::optional<int64_t> keep_every = {};
  bool quiet = false;                                                     ///< no line of progress
  std::function<void(const interp::TrainingProgress&)> on_progress = {};  ///< after every step
};

struct TrainingEnd {
  interp::TrainingProgress last;
  std::optional<nlohmann::ordered_json> manifest = {};  ///< none if it was interrupted
};

/// Trains from the checkpoint in the folder, if there is one, else from the beginning; measures and
/// saves the finished model and its manifest. What it computes does not depend on the conditions.
/// @throws as interp::train(), and std::runtime_error where a file cannot be written.
TrainingEnd go_on(const TrainingRun& run, const TrainingConditions& conditions);

}  // namespace assay::tools
