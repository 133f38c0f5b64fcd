#pragma once
// How classifiers of reviews are made: two blocks, trained within minutes.

#include <string>
#include <vector>

#include "tasks/registry.h"

namespace assay::tasks::sentiment {

/// The first two read texts that begin with a start token, the others texts that do not.
std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, const Size& size);

}  // namespace assay::tasks::sentiment
