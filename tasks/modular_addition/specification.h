#pragma once
// What is true of every pair of numbers, as data: the answer is their sum modulo p.

#include "tasks/capabilities.h"

namespace assay::tasks::modular_addition {

/// One domain, `all`: every pair.
Specification specification(int64_t p);

}  // namespace assay::tasks::modular_addition
