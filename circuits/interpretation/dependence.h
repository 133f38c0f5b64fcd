#pragma once
// What an interpretation says matters in an input: change a part of the input, and see how much of
// what the interpretation computes changes. Through h alone: the network is not asked.

#include <ATen/core/Tensor.h>

#include "circuits/interpretation/program.h"

namespace assay::circuits {

/// Share of the elements of each step's value (of the neurons of a vector of neurons, say) that
/// differ between an input and each of several others: float64 [step, other].
/// @param tokens  int64 [pos]. @param others  int64 [other, pos], which need not be inputs that the
///   network knows.
at::Tensor changed_share(const Program& program, const at::Tensor& tokens,
                         const at::Tensor& others);

}  // namespace assay::circuits
