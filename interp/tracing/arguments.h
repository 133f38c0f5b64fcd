#pragma once
// What a trace refuses before it computes anything; of sites, plan.h.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/network/network.h"

namespace assay::interp::tracing {

/// The sizes that all values of one run share.
struct Extent {
  int64_t batch = 1, n_pos = 0;
};

/// @return the extent of the tokens or, without any, of what is overwritten.
/// @throws std::invalid_argument on tokens out of range.
Extent extent_of(const Places& places, const at::Tensor& tokens, const TraceRequest& request);

/// @param type  of the network's weights.
/// @throws std::invalid_argument on values of the wrong shape or type. Their sites are valid.
void check_values(const Places& places, const TraceRequest& request, const Extent& extent,
                  at::ScalarType type);

}  // namespace assay::interp::tracing
