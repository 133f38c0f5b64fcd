#pragma once
// Picking positions out of values.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/tracing/plan.h"

namespace assay::interp::tracing {

/// As a tensor where `like` is.
at::Tensor as_index(const Positions& indices, const at::Tensor& like);

/// A view where the indices are consecutive, else a copy.
at::Tensor select(const at::Tensor& value, int64_t axis, const Positions& indices);

/// Where `positions` stand within `present`, which contains them.
Positions ranks(const Positions& positions, const Positions& present);

}  // namespace assay::interp::tracing
