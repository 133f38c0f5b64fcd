#pragma once
// A sweep at work: its runs side by side, each in its folder, and their outcomes in sweep.json.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "tasks/registry.h"
#include "tools/options.h"

namespace assay::tools {

struct SweepOptions {
  std::string task;
  tasks::Settings settings;  ///< for all runs
  std::filesystem::path file, out;
  std::optional<int64_t> keep_every;
  bool resume = false;
};

/// Makes the runs that are not done yet. One that fails is an outcome of its own and stops no
/// other. What a run computes does not depend on those beside it.
/// @return the exit code; kInterrupted leaves checkpoints and what is done.
/// @throws as read_sweep() and runs_of(); std::runtime_error if the folder holds a sweep that is
///   not to be resumed or is another one, and at the end if runs failed, naming the first.
int run_sweep(const SweepOptions& options, const CommonOptions& common);

}  // namespace assay::tools
