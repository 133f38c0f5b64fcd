#pragma once
// Tensors as assay::statistics takes them, which knows no LibTorch.

#include <ATen/core/Tensor.h>

#include <vector>

namespace assay::interp {

/// All numbers of a tensor, the last axis running fastest.
std::vector<double> doubles_of(const at::Tensor& values);

/// The same for truth values: what is not 0 is true.
std::vector<bool> flags_of(const at::Tensor& values);

}  // namespace assay::interp
