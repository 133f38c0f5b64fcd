#pragma once
// The inputs of maximum of four: all rows of four numbers from 0 to 63, a token each, with the
// largest as the answer. There are 64^4 = 16,777,216 of them.
//
// Uniform draws would be poor inputs: few have a small maximum, and few have a second largest
// number next to the largest, where a network that attends to the largest has to be sharpest. So
// datasets draw the largest number uniformly, put it anywhere, and draw the others uniformly up to
// it, in half of the rows only from the largest and the three below.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "tasks/task.h"

namespace assay::tasks::max_of_four {

inline constexpr int64_t kNumbers = 64, kCount = 4;

at::Tensor answers(const at::Tensor& tokens);  ///< the largest number, int64 [batch]

/// By a hash of the row: three quarters are for training, an eighth for deriving, an eighth for
/// testing. (0 0 0 0), the only row whose largest number is 0, is for training.
Part part_of(const at::Tensor& tokens);

/// The dataset (part, seed), see Task::sample(): independent draws as described above. Of a
/// largest number that the part does not have, another one is drawn in its place.
interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count);

/// Domains: `all`, and sixteen slices `first-0-3`, `first-4-7`, … of it by the first number, each
/// small enough (2^20 rows) for its rows to be enclosed one by one. An automaton that remembers the
/// largest number so far says what is right.
Specification specification();

}  // namespace assay::tasks::max_of_four
