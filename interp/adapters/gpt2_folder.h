#pragma once
// GPT-2 as Hugging Face keeps it: a folder of a configuration and weights.

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "interp/adapters/layouts.h"

namespace assay::interp {

struct Gpt2Folder {
  Weights weights;
  nlohmann::json config;  ///< the whole `config.json`
  std::string sha256;     ///< of the weight file; of shards: of what `sha256sum SHARD…` prints
};

/// Weights are `model.safetensors`, the shards that `model.safetensors.index.json` names, or the
/// same with `pytorch_model.bin`; the first that is there.
/// @throws std::runtime_error naming what is missing, contradictory or cannot be run.
Gpt2Folder read_gpt2_folder(const std::filesystem::path& folder);

}  // namespace assay::interp
