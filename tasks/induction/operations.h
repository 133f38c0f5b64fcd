#pragma once
// What interpretations of induction networks compute, read and write.

#include "circuits/interpretation/operations.h"

namespace assay::tasks::induction {

/// h, {positions}: for each of these positions the token in front of it, [batch, positions, 1], and
/// the tokens [batch, pos] -> the first of the positions that has the last token in front of it, or
/// -1 if none has; int64 [batch, 1].
circuits::Function position_behind(const circuits::Operation& operation);

/// h, {symbols}: a position, int64 [batch, 1], and the tokens [batch, pos] -> the symbol that
/// stands there, a token below `symbols`, int64 [batch, 1, 1]. If none does, or the position is -1,
/// it is the token at position 1, so that every position has a value that can be written.
circuits::Function token_there(const circuits::Operation& operation);

/// h: a token [batch, 1, 1] -> the same, int64 [batch].
circuits::Function same_token(const circuits::Operation& operation);

/// α: the pattern of one head at one query, [batch, 1, 1, key] -> the key that gets most, int64
/// [batch, 1].
circuits::Abstraction most_attended(const circuits::Operation& operation);

/// γ, {keys}: a position, int64 [batch, 1] -> all attention to it, or even attention to all keys if
/// it is -1; [batch, 1, 1, keys].
circuits::Concretisation attend_to(const circuits::Operation& operation);

/// Registers all of them.
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::induction
