#pragma once
// Removing hidden neurons that the answer does not need.

#include <cstdint>
#include <vector>

#include "interp/training/labelled_inputs.h"

namespace assay::interp {

class Transformer;

/// Sets neurons of block `layer`'s MLP to zero: weights in, bias and weights out. ReLU neurons at
/// zero receive no gradient, so they stay removed. @return how many are left.
int64_t prune_neurons(Transformer& model, int64_t layer, const std::vector<int64_t>& neurons);

/// How many neurons of block `layer`'s MLP have a weight out.
int64_t living_neurons(const Transformer& model, int64_t layer);

/// All neurons of the last block but the `keep` that can move the answer most: largest activation
/// where inputs 0 … n-1 are answered, times the largest coefficient on an answer's logit against
/// the mean of all answers. @throws std::invalid_argument if no input has a label.
std::vector<int64_t> weakest_neurons(const Transformer& model, int64_t readout, int64_t keep,
                                     const LabelledInputs& inputs, int64_t n);

}  // namespace assay::interp
