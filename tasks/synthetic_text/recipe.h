#pragma once
// How networks for synthetic texts are made: small decoders, trained within minutes.

#include <string>
#include <vector>

#include "tasks/registry.h"
#include "tasks/synthetic_text/language.h"

namespace assay::tasks::synthetic_text {

std::vector<Preset> presets();

/// @throws std::invalid_argument listing the presets that exist.
Recipe recipe(const std::string& preset, const Language& language);

}  // namespace assay::tasks::synthetic_text
