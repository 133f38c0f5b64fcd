#pragma once
// A training run on disk: all that its remaining steps depend on.

#include <cstdint>
#include <filesystem>

namespace torch::optim {
class AdamW;
}

namespace assay::interp {

class Transformer;
struct TrainingConfig;

/// How far a run has come.
struct TrainingState {
  int64_t step = 0;
  double cpu_seconds = 0;  ///< of all processes that worked on it
};

/// Replaces the file at `path` in one go, so that there is always a complete one. A checksum of the
/// content stands in it.
void save_checkpoint(const std::filesystem::path& path, const Transformer& model,
                     const torch::optim::AdamW& optimizer, const TrainingConfig& config,
                     const TrainingState& state);

/// Loads the weights into `model` and the moments into `optimizer`. A run may go on with other
/// settings for phases that it has not begun, never with another past.
/// @throws std::runtime_error if the file is no checkpoint, or any byte of it is not as it was
///   written; std::invalid_argument if it belongs to another network or to a run with
///   other settings; all with nothing loaded.
TrainingState load_checkpoint(const std::filesystem::path& path, Transformer& model,
                              torch::optim::AdamW& optimizer, const TrainingConfig& config);

}  // namespace assay::interp
