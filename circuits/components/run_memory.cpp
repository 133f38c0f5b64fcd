#include "circuits/components/run_memory.h"

#include <torch/types.h>

namespace assay::circuits {

RunMemory::Found RunMemory::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return found_.try_emplace(key, Found{std::ssize(found_), {}}).first->second;
}

void RunMemory::keep(const std::string& key, const at::Tensor& value) {
  const std::lock_guard lock(mutex_);
  at::Tensor& kept = found_.at(key).value;
  const auto bytes = static_cast<int64_t>(value.nbytes());
  if (kept.defined() || bytes > bytes_left_) return;  // several threads may find the same one
  bytes_left_ -= bytes;
  kept = value;
}

const std::vector<at::Tensor>& RunMemory::bases(
    const std::function<std::vector<at::Tensor>()>& make) {
  std::call_once(based_, [&] { bases_ = make(); });
  return bases_;
}

}  // namespace assay::circuits
