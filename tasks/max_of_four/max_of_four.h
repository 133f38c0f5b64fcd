#pragma once
// The maximum-of-four case study: which of four numbers is the largest? The task and the network of
// arXiv 2406.11779, small enough for every one of its 16,777,216 inputs to be run.

#include "tasks/registry.h"

namespace assay::tasks::max_of_four {

/// This task as a line of the registry.
TaskEntry entry();

}  // namespace assay::tasks::max_of_four
