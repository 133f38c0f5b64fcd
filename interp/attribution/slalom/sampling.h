#pragma once
// Which questions are put to the model before SLALOM is fitted. Row i of a sample is a function of
// the arguments, the seed and i alone.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "interp/attribution/slalom/closed_form.h"

namespace assay::interp::attribution::slalom {

/// Short sequences: features drawn independently and uniformly, with repetitions.
/// @param min_length, max_length  the length is uniform between them.
std::vector<Sample> short_samples(int64_t n_features, int64_t rows, int64_t min_length,
                                  int64_t max_length, uint64_t seed);

/// The whole input without k features, k uniform from 0 to `most` (but never all): a uniform
/// choice.
/// @return bool [rows, n_features], true where a feature is kept.
at::Tensor deletion_samples(int64_t n_features, int64_t rows, int64_t most, uint64_t seed);

/// Any part of the input: its size uniform from 1 to all features, then a uniform choice.
at::Tensor subset_samples(int64_t n_features, int64_t rows, uint64_t seed);

}  // namespace assay::interp::attribution::slalom
