#pragma once
// What interpretations of majority networks compute.

#include "circuits/interpretation/operations.h"

namespace assay::tasks::majority {

/// h, {weights: one whole number per token}: tokens [batch, pos] -> the sum of the weights of all
/// tokens of an input, int64 [batch, 1]. Weights of 1 and 0 count tokens.
circuits::Function count_tokens(const circuits::Operation& operation);

/// h, {threshold}: numbers [batch, n] -> whether each is greater, bool [batch, n].
circuits::Function above(const circuits::Operation& operation);

/// Registers both.
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::majority
