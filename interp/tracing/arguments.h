#pragma once
// What a trace refuses before it computes anything.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace assay::interp {
class Transformer;
struct TraceRequest;
}  // namespace assay::interp

namespace assay::interp::tracing {

/// The sizes that all values of one run share.
struct Extent {
  int64_t batch = 1, n_pos = 0;
};

/// @return the extent of the tokens or, without any, of what is overwritten.
/// @throws std::invalid_argument on sites that the model lacks, on tokens out of range, and on
///   values of the wrong shape or type.
Extent check_arguments(const Transformer& model, const at::Tensor& tokens,
                       const TraceRequest& request);

}  // namespace assay::interp::tracing
