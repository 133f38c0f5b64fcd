#pragma once
// The folder of one training run: what is in it, and what it says about the run.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "interp/training/training.h"
#include "tools/run_lock.h"
#include "tools/run_plan.h"

namespace assay::tools {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoint() const { return path_ / "checkpoint.pt"; }
  std::filesystem::path model() const { return path_ / "model.safetensors"; }
  std::filesystem::path manifest() const { return path_ / "manifest.json"; }
  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }

  /// Makes the folder and keeps other runs out of it while the lock lives. What processes killed
  /// while they wrote have left there is removed.
  /// @throws std::runtime_error if another run is at work in it, or it cannot be written.
  std::unique_ptr<RunLock> lock() const;
  /// Writes the plan into the manifest. @throws std::runtime_error if the folder holds a run
  /// already.
  void begin(const RunPlan& plan) const;
  /// Writes the manifest of the finished run and removes what was there to go on from.
  void finish(const nlohmann::ordered_json& manifest) const;
  /// The plan of the run that was begun here. @throws std::runtime_error if there is none.
  RunPlan plan() const;
  /// @throws std::runtime_error unless the same shared objects are loaded as when the run was
  /// begun: what it computes may rest on their code.
  void require_same_loaded() const;
  /// The manifest, if the run is finished. @throws std::runtime_error if its model is not the one
  /// that it was finished with.
  std::optional<nlohmann::ordered_json> finished() const;

 private:
  std::filesystem::path path_;
};

/// The lines of a metrics.jsonl, objects with a `step`. A last line that a kill has cut is passed
/// over. @throws std::runtime_error naming any other line that is none.
nlohmann::ordered_json metrics_of(const std::string& text);

/// metrics.jsonl: one line per evaluation, in ascending order of steps also after a resumption.
class MetricsLog {
 public:
  explicit MetricsLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// Takes every step of the training. The first one tells where it goes on, so lines of that step
  /// and later ones, written before a kill, are dropped then.
  /// @param more  stands in the line, too. @throws std::runtime_error if the file cannot be
  /// written.
  void record(const interp::TrainingProgress& progress,
              const nlohmann::json& more = nlohmann::json::object());

 private:
  void keep_before(int64_t step);

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace assay::tools
