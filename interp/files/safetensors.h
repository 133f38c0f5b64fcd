#pragma once
// The safetensors container: a JSON header and raw little-endian data, nothing that could execute.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace assay::interp {

class FileWriter;

using TensorMap = std::map<std::string, at::Tensor>;

struct Safetensors {
  TensorMap tensors = {};  ///< contiguous, on the CPU, dtype as in the file
  std::map<std::string, std::string> metadata = {};  ///< the header's `__metadata__`
  /// Tensors of other types (8-bit floats, complex numbers), of which only name and dtype are read.
  std::map<std::string, std::string> unread = {};
};

/// Reads a whole file, in time linear in its size. Sizes and ranges are checked before anything is
/// allocated.
/// @throws std::runtime_error naming the file, the tensor and what was expected, if the file is
///   truncated, lies about its lengths, overlaps or leaves gaps between its own tensors.
Safetensors read_safetensors(const std::filesystem::path& path);

/// Writes through a FileWriter, whole or not at all. The same content gives the same bytes: tensors
/// are sorted by name, the header is padded to 8 bytes. @return SHA-256 of the file.
std::string write_safetensors(const std::filesystem::path& path, const Safetensors& content);
/// The same into a file that is yet to be put in place.
void write_safetensors(FileWriter& file, const Safetensors& content);

}  // namespace assay::interp
