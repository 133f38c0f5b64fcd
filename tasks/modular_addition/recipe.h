#pragma once
// How networks for modular addition are made. docs/modular_addition.md tells what each recipe
// reaches.

#include <string>
#include <vector>

#include "tasks/modular_addition/pairs.h"
#include "tasks/registry.h"

namespace assay::tasks::modular_addition {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, const Pairs& pairs);

}  // namespace assay::tasks::modular_addition
