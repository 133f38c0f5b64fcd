#pragma once
// The majority case study: are there more zeros or more ones in a string? The program that trained
// networks run (attend evenly, compare) is known from arXiv 2602.08857, and all strings can be gone
// through.

#include "tasks/registry.h"

namespace assay::tasks::majority {

/// This task as a line of the registry.
TaskEntry entry();

}  // namespace assay::tasks::majority
