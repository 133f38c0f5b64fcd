#pragma once
// PyTorch's modules as Hugging Face's models are made of them, brought to Transformer's weights.

#include <cstdint>
#include <string>

#include "interp/adapters/conversion.h"

namespace assay::interp {

/// Names of modules are given without the prefix that a model's own class puts in front of them.
/// What the network has no weight for is left in the file, and there refused as unknown.
class Modules {
 public:
  /// @param prefixes  that a file may have, by a tensor that every file holds behind its prefix.
  Modules(Conversion& conversion, const std::vector<std::string>& prefixes,
          const std::string& tensor);

  Conversion& conversion() { return conversion_; }
  std::string full(const std::string& module) const { return prefix_ + module; }

  /// `weight` as it is.
  void embedding(const std::string& ours, const std::string& module);
  /// nn.Linear, whose `weight` is [out, in]. `bias` goes to `our_bias`, if the network has that.
  void linear(const std::string& ours, const std::string& our_bias, const std::string& module);
  /// GPT-2's Conv1D, whose `weight` is [in, out].
  void conv1d(const std::string& ours, const std::string& our_bias, const std::string& module);
  /// `weight` (`gamma` in old files), and `bias` (`beta`) if the norm has one.
  void norm(const std::string& ours, const std::string& module);
  /// An nn.Linear into all heads: Q, K or V. `weight` is [head · d_head, d_model].
  void heads(int64_t layer, char side, const std::string& module);
  /// The same where the module has no bias, but others of the block have.
  void heads_without_bias(int64_t layer, char side, const std::string& module);
  /// An nn.Linear out of all heads: `weight` is [d_model, head · d_head].
  void output_of_heads(int64_t layer, const std::string& module);
  /// A bias that the layout never has, though the network has those beside it.
  void no_bias(const std::string& ours);

  /// The unembedding: the embedding again, which `head`.weight may only repeat, or `head` itself.
  /// @param head  with its prefix.
  void unembedding(const std::string& head, bool tied);

 private:
  Conversion& conversion_;
  std::string prefix_;
};

/// `blocks.1.`
std::string block_of(int64_t layer);

}  // namespace assay::interp
