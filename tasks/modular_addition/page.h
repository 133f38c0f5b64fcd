#pragma once
// What the report page says of modular addition alone: a section, and the task in words.

#include "tasks/capabilities.h"

namespace assay::tasks::modular_addition {

/// What the network does by frequency: which waves its embedding carries, how many neurons are
/// waves of each, and what the loss becomes without it. Of validations and derivations.
std::optional<page::Section> frequencies_section(const page::Run& run);

/// How a report tells the task to people who do not know it.
Wording wording(int64_t p);

}  // namespace assay::tasks::modular_addition
