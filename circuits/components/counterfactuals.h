#pragma once
// Inputs with counterfactual partners: what circuits are discovered and measured on.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/execution/chunks.h"

namespace assay::circuits {

/// Inputs, each with the answers that count as right and as wrong, and possibly with a partner: an
/// input as similar as can be that has another answer.
struct Counterfactuals {
  at::Tensor clean;    ///< int64 [n, pos]
  at::Tensor corrupt;  ///< int64 [n, pos]; undefined: the inputs have no partners
  at::Tensor right;    ///< bool [n, vocab]: answers that are right for `clean`
  at::Tensor wrong;    ///< bool [n, vocab]: the answers they are compared with
  /// bool [vocab]: the task's answers, among which every input is decided. Undefined: each input is
  /// decided among its own right and wrong answers.
  at::Tensor answers = {};
  /// Inputs are independent draws, so that they speak of others. Else they are a list: figures are
  /// exact for it, and nothing is inferred from them.
  bool is_sample = true;

  int64_t size() const { return clean.size(0); }
  /// Whether a spread over the inputs says anything: two or more independent draws.
  bool has_spread() const { return is_sample && size() > 1; }
  /// bool [n, vocab]: the tokens among which each input is decided.
  at::Tensor candidates() const;
  Counterfactuals slice(int64_t first, int64_t count) const;
};
/// @throws std::invalid_argument naming shape or type: what is expected and what was got.
void validate(const Counterfactuals& data, int64_t d_vocab, int64_t n_ctx);

/// How inputs go through the network: results are sums over such chunks in order, whatever the
/// threads.
inline interp::Chunks chunks_of(const Counterfactuals& data) {
  return {data.size(), interp::kInputsPerComponentRun};
}

}  // namespace assay::circuits
