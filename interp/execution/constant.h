#pragma once
// Tensors that are made once and read by every run, wherever it takes place.

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace assay::interp {

/// A tensor that nobody writes, with a copy on each device that has asked for one. Operations keep
/// what they are made of in constants, so that nothing is transferred per chunk. Copies of a
/// constant share its tensors. May be used from several threads at once.
class Constant {
 public:
  explicit Constant(at::Tensor value = {});
  /// int64 [count], on the CPU.
  explicit Constant(const std::vector<int64_t>& values);

  /// As it was given.
  const at::Tensor& value() const { return value_; }
  /// Copied the first time that a device other than value()'s asks.
  at::Tensor on(const c10::Device& device) const;

 private:
  struct Copies;
  at::Tensor value_;
  std::shared_ptr<Copies> copies_;
};

}  // namespace assay::interp
