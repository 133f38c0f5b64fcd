#pragma once
// Arrays of NumPy, as numpy.save writes them.

#include <ATen/core/Tensor.h>

#include <filesystem>

namespace assay::interp {

/// One array of numbers (floating point, signed integers, bytes or booleans, little-endian).
/// Nothing is allocated before its size agrees with the file's.
/// @throws std::runtime_error naming the file and what was expected.
at::Tensor read_npy(const std::filesystem::path& path);

/// @return whether the file begins as such an array.
bool is_npy(const std::filesystem::path& path);

}  // namespace assay::interp
