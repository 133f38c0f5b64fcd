#include "interp/doubles.h"

#include <torch/types.h>

namespace assay::interp {

std::vector<double> doubles_of(const at::Tensor& values) {
  const at::Tensor flat = values.to(torch::kCPU, torch::kFloat64).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

std::vector<bool> flags_of(const at::Tensor& values) {
  const at::Tensor flat = values.to(torch::kCPU, torch::kBool).contiguous();
  const bool* first = flat.data_ptr<bool>();
  return std::vector<bool>(first, first + flat.numel());  // braces would list two truth values
}

}  // namespace assay::interp
