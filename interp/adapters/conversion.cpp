#include "interp/adapters/conversion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "interp/adapters/attention_mask.h"
#include "interp/files/fail.h"
#include "interp/network/build.h"

namespace assay::interp {
namespace {

bool has_end_among(const std::string& name, const std::vector<std::string>& suffixes) {
  return std::ranges::any_of(suffixes, [&](const auto& suffix) { return name.ends_with(suffix); });
}

}  // namespace

void require_read(const std::string& name, const at::Tensor& tensor) {
  if (!tensor.defined()) fail("tensor '{}': of a type that is not read (8-bit, complex, …)", name);
}

Conversion::Conversion(const TensorMap& file, const TransformerConfig& config)
    : file_(file), weights_{.config = config} {
  validate(config);
  // Before the network is described: a file of some bytes may claim a million blocks.
  if (std::cmp_greater(config.n_layers(), file.size())) {
    fail("configuration: {} blocks, but only {} tensors", config.n_layers(), file.size());
  }
  for (const Weight& weight : describe(config).weights) wanted_.emplace(weight.name, weight.shape);
}

at::Tensor Conversion::take(const std::string& tensor, const Sizes& expected) {
  const auto found = file_.find(tensor);
  if (found == file_.end()) {
    fail("tensor '{}': missing, expected shape [{}]", tensor, fmt::join(expected, ", "));
  }
  const at::Tensor& value = found->second;
  require_read(tensor, value);
  if (value.sizes() != expected) {
    fail("tensor '{}': expected shape [{}], found [{}]", tensor, fmt::join(expected, ", "),
         fmt::join(value.sizes(), ", "));
  }
  if (!value.is_floating_point()) {
    fail("tensor '{}': expected floating point, found {}", tensor,
         c10::toString(value.scalar_type()));
  }
  taken_.insert(tensor);
  return value.to(at::kFloat);
}

void Conversion::require_copy(const std::string& tensor, const at::Tensor& original,
                              const std::string& why) {
  if (!has(tensor)) return;
  if (!take(tensor, original.sizes().vec()).equal(original)) {
    fail("tensor '{}': {}", tensor, why);
  }
}

void Conversion::set(const std::string& weight, const at::Tensor& value) {
  if (value.sizes() != shape(weight))
    throw std::logic_error(weight + ": converted to a wrong shape");
  weights_.tensors[weight] = value;
}

void Conversion::require_known(const std::string& name, const at::Tensor& tensor,
                               const Buffers& buffers) const {
  if (has_end_among(name, buffers.masks)) {
    require_read(name, tensor);
    return require_same_attention(name, tensor, weights_.config);
  }
  if (has_end_among(name, buffers.ignored)) return;
  const std::string shape =
      tensor.defined() ? fmt::format(", shape [{}]", fmt::join(tensor.sizes(), ", ")) : "";
  fail("tensor '{}': unknown{}", name, shape);
}

Weights Conversion::finish(const Buffers& buffers) {
  for (const auto& [name, shape] : wanted_) {
    if (!weights_.tensors.contains(name)) throw std::logic_error(name + ": was not converted");
  }
  for (const auto& [name, tensor] : file_) {
    if (!taken_.contains(name)) require_known(name, tensor, buffers);
  }
  return std::move(weights_);
}

}  // namespace assay::interp
