#pragma once
// A network's logits in midpoint-radius arithmetic: what is computed in float64, and a bound on how
// far the exact value can be from it. One product with the absolute weights gives all radii of a
// layer, so certain decisions cost two or three times a plain run.
//
// The same bounds, with the unit roundoff of float32 in place of float64's, say how far the network
// as it runs can be from the exact one, whatever the order in which its sums are added up.

#include <ATen/core/Tensor.h>

#include "axioms/proofs/weights.h"

namespace assay::proofs {

/// Exact values lie within `radius` of `mid`, elementwise; float64.
struct Ball {
  at::Tensor mid, radius;
};

enum class Rounding {
  Float64,  ///< of the computation itself: encloses the exact logits
  Float32,  ///< of a run in float32: encloses what it may give, keys and values being formed
  Absorbed  ///< the same where W_K and W_V are moved to the side of the queries
};

/// Logits at one position; of a pooled network at its only one, 0. @param tokens  int64 [batch,
/// pos]. @return [batch, vocab].
/// @throws Untreated where scores are so large or so uncertain that e^s cannot be enclosed.
Ball logits(const Weights& weights, const at::Tensor& tokens, int64_t position,
            Rounding rounding = Rounding::Float64);

}  // namespace assay::proofs
