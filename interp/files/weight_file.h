#pragma once
// Tensors out of a file, whatever container it is.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "interp/files/safetensors.h"

namespace assay::interp {

struct WeightFile {
  /// By names without the prefixes `module` and `_orig_mod`, which wrapping and compiling a module
  /// leave in them. Undefined where the type is not read (Safetensors::unread).
  TensorMap tensors;
  std::map<std::string, std::string> texts;           ///< safetensors' `__metadata__`
  nlohmann::json numbers = nlohmann::json::object();  ///< as in Checkpoint
  nlohmann::ordered_json json = nullptr;              ///< all of a `.json` file, else null
};

/// Safetensors or a PyTorch checkpoint, told by its first bytes.
/// @throws std::runtime_error naming the file and what is wrong with it. What is often found in the
///   place of weights (a Git LFS pointer, a web page, nothing, a checkpoint in the format before
///   PyTorch 1.6, a device) is named for what it is.
WeightFile read_weight_file(const std::filesystem::path& path);

}  // namespace assay::interp
