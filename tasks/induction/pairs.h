#pragma once
// What the stream between the blocks holds: at each place of the list but the first its own symbol
// and the one in front of it, at the last position the query. As a value int64 [batch, 2 (kLength -
// 1) + 1]: the symbols in front, the own ones, the query. The sites are the whole stream, so this
// is a complete cut, and everything that block 1 does can be told from it.

#include <ATen/core/Tensor.h>

#include "circuits/interpretation/interpretation.h"
#include "circuits/interpretation/operations.h"

namespace assay::tasks::induction {

/// Fits the vectors that stand for symbols: the stream at a place of the list is taken as a mean of
/// this place plus a vector for its symbol plus one for the symbol in front, by least squares; at
/// the last position as the mean of the rows with that query.
/// @param tokens  int64 [row, kRow]. @param stream  float64 [row, kRow, d_model], behind block 0.
circuits::Node pairs_node(int64_t symbols, const at::Tensor& tokens, const at::Tensor& stream);

/// h: such a value -> the symbol whose symbol in front is the query, the first of the list's if
/// there is none; int64 [batch, 1, 1].
circuits::Function symbol_behind_query(const circuits::Operation& operation);

/// Registers what both nodes are made of.
void add_pair_operations(circuits::Operations& operations);

}  // namespace assay::tasks::induction
