#pragma once
// Models as Hugging Face's transformers library saves them: a folder of a configuration and
// weights.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "interp/adapters/conversion.h"

namespace assay::interp {

struct HuggingFaceFolder {
  std::string family;  ///< `model_type`, one of families()
  Weights weights;
  nlohmann::json config;  ///< the whole `config.json`
  std::string sha256;     ///< of the weight file; of shards: of what `sha256sum SHARD…` prints
};

/// Weights are `model.safetensors`, the shards that `model.safetensors.index.json` names, or the
/// same with `pytorch_model.bin`; the first that is there.
/// @throws std::runtime_error naming what is missing, contradictory, unknown or cannot be run.
HuggingFaceFolder read_hugging_face(const std::filesystem::path& folder);

/// @return the family whose weights these seem to be, by their names; empty if none.
std::string family_of(const TensorMap& tensors);

}  // namespace assay::interp
