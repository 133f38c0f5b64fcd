#pragma once
// The section of the report page that speaks of modular addition alone.

#include "tasks/page/section.h"

namespace assay::tasks::modular_addition {

/// What the network does by frequency: which waves its embedding carries, how many neurons are
/// waves of each, and what the loss becomes without it. Of validations and derivations.
std::optional<page::Section> frequencies_section(const page::Run& run);

}  // namespace assay::tasks::modular_addition
