#pragma once
// How networks for 2-SAT are made. docs/two_sat.md tells how the recipes were found and what each
// reaches.

#include <string>

#include "tasks/registry.h"
#include "tasks/task.h"

namespace assay::tasks::two_sat {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, int64_t variables, int64_t clauses);

}  // namespace assay::tasks::two_sat
