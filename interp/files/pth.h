#pragma once
// PyTorch checkpoints (`.pt`, `.pth`): the zip archive that torch.save writes.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "interp/files/safetensors.h"

namespace assay::interp {

struct Checkpoint {
  /// On the CPU, dtype and strides as saved; nested dictionaries give dotted names. Views of one
  /// storage share it.
  TensorMap tensors;
  nlohmann::json numbers;  ///< the outermost dictionary's numbers, such as `epoch`; an object
  std::map<std::string, std::string> unread;  ///< tensors of other types, as in Safetensors
};

/// Reads a state dict, or the one that a training checkpoint holds as `model`, `state_dict` or
/// `model_state_dict`. Sizes and extents are checked before anything is allocated, and nothing in
/// the file is executed (see pickle.h).
/// @throws std::runtime_error naming the file, the entry or tensor and what was expected.
Checkpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace assay::interp
