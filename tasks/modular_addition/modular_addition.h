#pragma once
// The modular addition case study (arXiv 2301.05217, 2407.13594): what is a + b modulo a prime?

#include "tasks/registry.h"

namespace assay::tasks::modular_addition {

/// This task as a line of the registry.
TaskEntry entry();

}  // namespace assay::tasks::modular_addition
