#pragma once
// Inputs with the token that the network should predict at the readout position.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace assay::interp {

inline constexpr int64_t kUnlabelled = -1;  ///< where nothing is to be predicted

struct LabelledBatch {
  at::Tensor tokens;  ///< int64 [batch, pos]
  /// Tokens: int64 [batch], one answer per input, or [batch, pos], an answer wherever the label is
  /// not kUnlabelled.
  at::Tensor labels;
  /// int64 [batch]: the position at which each input ends and is answered, where inputs differ in
  /// length. What stands behind it fills the row up, and no network sees it. Undefined: all are
  /// answered at one position, which the task knows.
  at::Tensor readouts = {};
};

/// Where inputs come from: slice [first, first + count) of an endless, indexed stream. Called from
/// several threads at once.
using LabelledInputs = std::function<LabelledBatch(int64_t first, int64_t count)>;

}  // namespace assay::interp
