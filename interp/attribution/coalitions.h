#pragma once
// Sets of features, as rows that a game is asked about: bool [rows, features], true where kept.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "interp/statistics/random.h"

namespace assay::interp::attribution {

/// All 2^n sets: row r keeps feature i if bit i of r is set; the first row keeps none, the last
/// all.
/// @throws std::invalid_argument unless 1 <= n <= 20.
at::Tensor all_coalitions(int64_t n);

/// One set of each of these sizes, uniform among those of its size.
at::Tensor random_coalitions(statistics::Engine& engine, const std::vector<int64_t>& sizes,
                             int64_t n);

}  // namespace assay::interp::attribution
