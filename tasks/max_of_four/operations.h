#pragma once
// What interpretations of maximum-of-four networks compute, read and write.

#include "circuits/interpretation/operations.h"

namespace assay::tasks::max_of_four {

/// h: tokens [batch, pos] -> which positions hold the largest number, bool [batch, pos].
circuits::Function where_largest(const circuits::Operation& operation);

/// h: numbers [batch, pos, 1] and places bool [batch, pos] -> the number at the first place that is
/// true, or at the first place if none is; int64 [batch].
circuits::Function number_where(const circuits::Operation& operation);

/// h, {positions}: numbers [batch, pos, 1] -> the largest of those at `positions`, int64 [batch, 1,
/// 1].
circuits::Function largest(const circuits::Operation& operation);

/// h: a number [batch, 1, 1] -> the same, int64 [batch].
circuits::Function same_number(const circuits::Operation& operation);

/// α, {share}: the pattern of one head at one query, [batch, 1, 1, key] -> which keys get at least
/// this share of the attention that the strongest key gets; bool [batch, key].
circuits::Abstraction attended(const circuits::Operation& operation);

/// γ: which keys, bool [batch, key] -> attention that is even over these, or over all if there are
/// none; [batch, 1, 1, key].
circuits::Concretisation attend_evenly(const circuits::Operation& operation);

/// Registers all of them.
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::max_of_four
