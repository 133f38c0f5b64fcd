#pragma once
// How networks for binary majority are made. docs/majority.md tells what the recipe reaches.

#include <string>
#include <vector>

#include "tasks/majority/strings.h"
#include "tasks/registry.h"

namespace assay::tasks::majority {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, const Strings& strings);

}  // namespace assay::tasks::majority
