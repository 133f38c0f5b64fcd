#pragma once
// Models in and out of files, whatever their layout.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace assay::interp {

class Transformer;

/// A network together with where it came from.
struct LoadedModel {
  std::shared_ptr<Transformer> model;  ///< its parameters require no gradient; train() sets that
  std::string sha256;       ///< of the file's bytes (of a folder: of its weight file), in hex
  std::string layout;       ///< "assay", "grokking", "transformer-lens" or "gpt2"
  nlohmann::json metadata;  ///< what the file says beside weights (task, training); may be empty
};

/// Reads safetensors, PyTorch checkpoints (`.pt`, `.pth`) and Hugging Face GPT-2 folders.
/// @throws std::runtime_error naming file, tensor and expectation; also on NaN or infinite weights.
LoadedModel load_model(const std::filesystem::path& path);

/// Writes safetensors with the configuration in `__metadata__["config"]` and `metadata`, an object,
/// in `__metadata__["assay"]`; atomic, and byte for byte reproducible.
/// @throws std::invalid_argument on NaN or infinite weights, which could not be read back.
void save_model(const Transformer& model, const std::filesystem::path& path,
                const nlohmann::json& metadata = nlohmann::json::object());

}  // namespace assay::interp
