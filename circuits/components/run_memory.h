#pragma once
// What runs of many circuits on the same inputs have in common.
//
// A measure runs hundreds of circuits on every batch, and they differ in few edges, or consist of
// few. What a group of writers (the heads of an attention, an MLP) writes depends on the edges into
// its readers and on what comes along the kept ones. Where circuits agree in that, they write the
// same, bit for bit, and it is computed once: the ten-edge circuits of a network of two blocks need
// a handful of different first MLPs between all of them.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace assay::circuits {

/// Values of one batch by what they depend on. From any thread.
class RunMemory {
 public:
  struct Found {
    int64_t number = 0;  ///< the same for the same key, and for no other
    at::Tensor value;    ///< undefined: nobody has kept it
  };

  /// @param bytes  of values that are kept; what comes later is not.
  explicit RunMemory(int64_t bytes = kBytes) : bytes_left_(bytes) {}

  /// @param key  everything that the value depends on, that is itself numbered here included.
  Found find(const std::string& key);
  void keep(const std::string& key, const at::Tensor& value);
  /// What does not depend on the circuit at all: made by whoever asks first.
  const std::vector<at::Tensor>& bases(const std::function<std::vector<at::Tensor>()>& make);

  static constexpr int64_t kBytes = int64_t{256} << 20;

 private:
  std::mutex mutex_;
  std::map<std::string, Found> found_;
  int64_t bytes_left_;
  std::once_flag based_;
  std::vector<at::Tensor> bases_;
};

}  // namespace assay::circuits
