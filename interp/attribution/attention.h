#pragma once
// Where the position that answers looks: attention weights read as scores.

#include <ATen/core/Tensor.h>

#include <string>

#include "interp/attribution/method.h"

namespace assay::interp::attribution {

enum class AttentionReading {
  Mean,     ///< mean over the heads of each layer, then over the layers
  Last,     ///< the last layer, mean over its heads
  Rollout,  ///< ∏ over layers of (A + 1)/2, A the mean over heads (Abnar and Zuidema 2020)
};

/// Weights of the keys for the query at the last position or, of a network that pools, for the
/// first one or the mean over all: float64 [pos], sum 1. They are weights already; no second
/// softmax flattens them.
/// @param tokens  int64 [1, pos].
at::Tensor attention_weights(const Network& model, const at::Tensor& tokens,
                             AttentionReading reading);

/// `attention`, presets `mean`, `last`, `rollout`, summed over a feature's positions. They know
/// neither the target nor a sign. What falls on the context is in the diagnostics.
Method attention_method();

}  // namespace assay::interp::attribution
