#pragma once
// Operations for values that are found by looking for them (axioms/alignment.h): any value that a
// linear map of the activations at some positions gives.
//
//   α   unknown                            nobody knows yet where the value lives: using it throws
//       read_value {kind, shape} (weight [positions * n, k], bias [k], values [c] of a category)
//                                          [batch, positions, n] -> [batch, shape…]
//   γ   unknown                            likewise
//       write_value {kind, positions = 1} (weight [k, positions * n], bias [positions * n],
//                                          values [c] of a category)
//                                          [batch, …] -> [batch, positions, n]
//
// A value is written as k numbers, by its kind: `truth` (bool; true is 1, and read from 1/2),
// `number` (float64) or `category` (int64, for each element one number for each of the c `values`,
// 1 for the one that it is; read as the largest).

#include <ATen/core/Tensor.h>

#include "circuits/interpretation/operations.h"

namespace assay::circuits {

inline constexpr const char* kUnknown = "unknown";  ///< name of the operations of a free node

/// How values of one node are written as numbers.
struct ValueCode {
  std::string kind;
  std::vector<int64_t> shape = {};  ///< of one value, without the batch
  at::Tensor values = {};           ///< int64 [c], of a category

  int64_t per_element() const { return kind == "category" ? values.size(0) : 1; }  ///< numbers

  at::Tensor encode(const Value& value) const;    ///< float64 [batch, k]
  Value decode(const at::Tensor& numbers) const;  ///< [batch, shape…]
};

/// The code for values like these. Whole numbers are a category where at most 256 different ones
/// occur and the code has at most 4,096 numbers; else they are numbers.
ValueCode code_of(const Value& values);

void add_value_operations(Operations& operations);

}  // namespace assay::circuits
