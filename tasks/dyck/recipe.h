#pragma once
// How networks for Dyck-1 are made: the architecture and the recipe of verified-circuits.
// docs/dyck.md tells what it reaches.

#include <string>
#include <vector>

#include "tasks/dyck/strings.h"
#include "tasks/registry.h"

namespace assay::tasks::dyck {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, const Strings& strings);

}  // namespace assay::tasks::dyck
