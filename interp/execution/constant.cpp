#include "interp/execution/constant.h"

#include <torch/types.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace assay::interp {

using at::Tensor;

struct Constant::Copies {
  std::mutex mutex;
  std::vector<Tensor> tensors;  // one per device, apart from the value's own
};

Constant::Constant(Tensor value) : value_(std::move(value)), copies_(std::make_shared<Copies>()) {}

Constant::Constant(const std::vector<int64_t>& values)
    : Constant(torch::tensor(values, torch::kInt64)) {}

Tensor Constant::on(const c10::Device& device) const {
  if (value_.device() == device) return value_;
  const std::lock_guard lock(copies_->mutex);
  const auto found = std::ranges::find_if(
      copies_->tensors, [&](const Tensor& copy) { return copy.device() == device; });
  if (found != copies_->tensors.end()) return *found;
  return copies_->tensors.emplace_back(value_.to(device));
}

}  // namespace assay::interp
