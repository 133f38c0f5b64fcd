#pragma once
// How strongly the target reacts to a feature's embedding, in whatever direction.

#include "interp/attribution/method.h"

namespace assay::interp::attribution {

/// `gradient-norm`: the Euclidean norm of the target's gradient in the embeddings of all positions
/// of a feature together, the largest change (to first order) that a change of length 1 there can
/// make (Simonyan et al. 2014). Never negative: it does not say for or against.
Method gradient_norm_method();

}  // namespace assay::interp::attribution
