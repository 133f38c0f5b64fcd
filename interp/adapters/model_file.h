#pragma once
// Models in and out of files, whatever their layout.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "interp/adapters/settings.h"

namespace assay::interp {

class Transformer;

/// A network together with where it came from.
struct LoadedModel {
  std::shared_ptr<Transformer> model;  ///< its parameters require no gradient; train() sets that
  /// In hex: of the file's bytes; where the configuration stands elsewhere (a folder, options, a
  /// configuration beside the file), of that hash and the configuration.
  std::string sha256;
  std::string layout;       ///< the name of one of layouts()
  nlohmann::json metadata;  ///< what the file says beside weights (task, training); may be empty
  std::vector<Setting> settings;  ///< sizes and how it computes, each with who said so
};

/// Where a person may write down how the network in a file computes: `X.config.json` beside
/// `X.safetensors` or `X.pth`.
std::filesystem::path configuration_beside(const std::filesystem::path& model);

/// Reads safetensors, PyTorch checkpoints (`.pt`, `.pth`) and networks of verified-circuits
/// (`.json`), with the configuration beside the file, if there is one, and folders of Hugging Face
/// models.
/// @param stated  an object of settings (settings.h) that the caller says of the network.
/// @throws std::runtime_error naming file, tensor and expectation; also on NaN or infinite weights,
///   on contradictions between what file, configuration and caller say, and with all that must be
///   known of the network and nobody says.
LoadedModel load_model(const std::filesystem::path& path,
                       const nlohmann::json& stated = nlohmann::json::object());

/// Writes safetensors with the configuration in `__metadata__["config"]` and `metadata`, an object,
/// in `__metadata__["assay"]`; atomic, and byte for byte reproducible.
/// @return SHA-256 of the file.
/// @throws std::invalid_argument on NaN or infinite weights, which could not be read back.
std::string save_model(const Transformer& model, const std::filesystem::path& path,
                       const nlohmann::json& metadata = nlohmann::json::object());

}  // namespace assay::interp
