#pragma once
// What a feature's embedding contributes to the target, to first order.

#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// `input-x-gradient`: Σ over positions and dimensions of embedding · gradient, with its sign
/// (Shrikumar et al. 2016). The embedding is the token's, without its position's.
Method input_x_gradient_method();

}  // namespace assay::interp::attribution
