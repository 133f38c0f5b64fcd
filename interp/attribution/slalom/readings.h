#pragma once
// One number per feature, read off a fitted SLALOM.

#include <ATen/core/Tensor.h>

#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

/// e^s v: up to a factor, how the score changes with an occurrence's weight before a neutral
/// background (F̂ = 0). Depends on what score is called 0.
at::Tensor linearised(const Slalom& model);

/// F̂(bag) - F̂(bag without one occurrence of the feature) = a (v - F̂) / (1 - a), where a is the
/// share of one occurrence. 0 for features that are not in the bag; their value for one that is
/// alone in it, of which nothing would be left.
at::Tensor removal(const Slalom& model, const Bag& bag);

}  // namespace assay::interp::attribution::slalom
