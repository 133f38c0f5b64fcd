#pragma once
// What interpretations of Dyck networks compute and write. Facts about a prefix, by name:
//   depth      how many `(` more than `)` it has
//   token      the last one: 0 for `(`, 1 for `)`
//   violation  1 if its depth is negative
//   violated   1 if its depth or that of a shorter prefix is negative

#include <string>
#include <vector>

#include "circuits/interpretation/operations.h"

namespace assay::tasks::dyck {

/// h, {facts}: tokens [batch, pos] -> these facts of each prefix, float64 [batch, pos, facts].
circuits::Function prefix_facts(const circuits::Operation& operation);

/// h, {facts}: facts of each prefix -> whether the string is balanced, int64 [batch]. The final
/// depth is `depth` at the end, or else what the tokens add up to; the string is refused for a
/// prefix that is violated, or else has a negative depth.
/// @throws std::invalid_argument where the facts do not tell one of both.
circuits::Function balanced_by(const circuits::Operation& operation);

/// α, tensors `weight` [pos, d_model, facts] and `bias` [pos, facts]: at each position a linear map
/// of its own, rounded to whole numbers; float64 [batch, pos, facts]. A position attends to all
/// before it evenly, so what it holds is the depth over its place, and no map serves two positions.
circuits::Abstraction read_by_position(const circuits::Operation& operation);

/// γ, tensors `labels` [labels, facts] and `prototypes` [pos, labels, d_model]: facts of each
/// prefix
/// -> at each position the prototype of the nearest label there, [batch, pos, d_model].
circuits::Concretisation write_by_position(const circuits::Operation& operation);

/// Registers all four.
void add_operations(circuits::Operations& operations);

}  // namespace assay::tasks::dyck
