#pragma once
// What an overwritten place holds: the computed value with the given ones laid over it, in order.

#include <ATen/core/Tensor.h>

namespace assay::interp {
struct Step;
}

namespace assay::interp::tracing {

class Run;

/// @param computed  the step's value at `step.computed`; undefined if that is empty.
/// @return its value at `step.present`, which is `computed` itself where nothing is overwritten.
at::Tensor overlay(const Run& run, const Step& step, const at::Tensor& computed);

}  // namespace assay::interp::tracing
