#pragma once
// What every run proves about itself before its numbers are believed: with every edge kept a
// circuit is the network, with none it is the fully ablated one, and the two differ.

#include <cstdint>
#include <vector>

#include "circuits/components/patching.h"

namespace assay::circuits {

/// Whether a cut edge would carry anything but what it carries anyway.
bool changes_something(const Experiment& experiment, const PatchBatch& batch);
/// @param changed  changes_something() of each batch.
/// @throws std::invalid_argument if none did: then no edge can have an effect and scores would mean
///   nothing.
void require_change(const std::string& ablation, const std::vector<char>& changed);

/// Largest differences of logits over the inputs seen so far.
struct SelfCheck {
  double full = 0;   ///< the circuit of all edges against interp::logits_at()
  double empty = 0;  ///< that of no edge against the ablated network, computed without a circuit
  double scale = 0;  ///< largest logit of either, in absolute value
  int64_t inputs = 0;

  SelfCheck& operator+=(const SelfCheck& other);
};

/// Differences allowed, relative to the scale: float32 sums in another order.
inline constexpr double kFloatAccuracy = 1e-4;

/// @param first  index of the batch's first input.
/// @param full, empty  logits [batch, vocab] of the circuits of all and of no edges.
SelfCheck self_check(const Experiment& experiment, const Ablator& ablator, const PatchBatch& batch,
                     int64_t first, const at::Tensor& full, const at::Tensor& empty);

/// @throws std::runtime_error with the largest difference, if one is above kFloatAccuracy or NaN.
void require_passed(const SelfCheck& check);

}  // namespace assay::circuits
