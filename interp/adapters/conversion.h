#pragma once
// Tensors on their way from a file's names and shapes to those of Transformer.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "interp/files/safetensors.h"
#include "interp/network/config.h"

namespace assay::interp {

using Sizes = std::vector<int64_t>;

/// A network's configuration and its weights, named and shaped as the parameters of Transformer.
struct Weights {
  TransformerConfig config;
  TensorMap tensors = {};  ///< float32; may be views of what they were made from
};

/// Tensors that files hold beside weights, by the ends of their names.
struct Buffers {
  std::vector<std::string> masks = {};    ///< compared with the attention that is configured
  std::vector<std::string> ignored = {};  ///< not even their types are read
};

/// @throws std::runtime_error if the tensor is one whose type is not read.
void require_read(const std::string& name, const at::Tensor& tensor);

/// Collects the weights of one network. All of its errors are std::runtime_error naming the tensor,
/// the expected and the found shape.
class Conversion {
 public:
  /// @param file  must outlive this. An undefined tensor stands for one whose type is not read.
  /// @throws as validate(), and if the configuration has more blocks than the file has tensors.
  Conversion(const TensorMap& file, const TransformerConfig& config);

  /// The shapes of the network's weights, by name.
  const std::map<std::string, Sizes>& wanted() const { return wanted_; }
  bool wants(const std::string& weight) const { return wanted_.contains(weight); }
  /// @throws std::out_of_range if the network has no such weight.
  const Sizes& shape(const std::string& weight) const { return wanted_.at(weight); }

  bool has(const std::string& tensor) const { return file_.contains(tensor); }
  /// A tensor of the file as float32. @throws if it is missing, misshapen or not of floating point.
  at::Tensor take(const std::string& tensor, const Sizes& expected);
  /// A tensor that may only repeat what another one says, if it is there at all.
  /// @param why  what says so, for the message if it differs.
  void require_copy(const std::string& tensor, const at::Tensor& original, const std::string& why);

  /// @param value  of shape(weight).
  void set(const std::string& weight, const at::Tensor& value);
  bool is_set(const std::string& weight) const { return weights_.tensors.contains(weight); }
  const at::Tensor& get(const std::string& weight) const { return weights_.tensors.at(weight); }

  /// @throws if the file holds a tensor that was not taken and is no buffer, or a mask of another
  ///   attention. @throws std::logic_error if a weight was not set.
  Weights finish(const Buffers& buffers);

 private:
  void require_known(const std::string& name, const at::Tensor& tensor,
                     const Buffers& buffers) const;

  const TensorMap& file_;
  Weights weights_;
  std::map<std::string, Sizes> wanted_;
  std::set<std::string> taken_;
};

}  // namespace assay::interp
