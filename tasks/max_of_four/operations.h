#pragma once
// What interpretations of maximum-of-four networks compute.

#include "circuits/interpretation/operations.h"

namespace assay::tasks::max_of_four {

/// h: numbers [batch, n, k] -> the largest of each k, [batch, n, 1].
circuits::Function largest(const circuits::Operation& operation);

/// h: numbers [batch, n, k] -> the first of them, int64 [batch].
circuits::Function first_number(const circuits::Operation& operation);

/// h: numbers [batch, n, k] -> the largest of each k and the last, [batch, n, 2].
circuits::Function largest_and_last(const circuits::Operation& operation);

/// Registers all three.
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::max_of_four
