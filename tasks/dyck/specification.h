#pragma once
// What is true of every string of n parentheses, as data: a finite automaton says whether it is
// balanced.

#include "tasks/capabilities.h"

namespace assay::tasks::dyck {

/// One domain, `all`: every string of this length.
Specification specification(int64_t length);

}  // namespace assay::tasks::dyck
