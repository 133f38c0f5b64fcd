#pragma once
// How networks for maximum of four are made: the architecture of arXiv 2406.11779, trained for
// longer and on closer numbers. docs/max_of_four.md tells what it reaches.

#include <string>
#include <vector>

#include "tasks/registry.h"

namespace assay::tasks::max_of_four {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset);

}  // namespace assay::tasks::max_of_four
