#pragma once
// The Dyck-1 case study: is a string of n parentheses balanced? The task of verified-circuits
// (github.com/brian-naughton/verified-circuits), whose networks can be read and certified.

#include "tasks/registry.h"

namespace assay::tasks::dyck {

/// This task as a line of the registry.
TaskEntry entry();

}  // namespace assay::tasks::dyck
