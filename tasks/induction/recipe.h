#pragma once
// How networks for induction are made. docs/induction.md tells what the recipe reaches.

#include <string>
#include <vector>

#include "tasks/induction/rows.h"
#include "tasks/registry.h"

namespace assay::tasks::induction {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, const Rows& rows);

}  // namespace assay::tasks::induction
