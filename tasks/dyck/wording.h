#pragma once
// Dyck-1 for people who do not know it.

#include "tasks/capabilities.h"

namespace assay::tasks::dyck {

/// @param length  parentheses of an input.
Wording wording(int64_t length);

}  // namespace assay::tasks::dyck
