#pragma once
// Edges that stay in a circuit or out of it, with a guarantee, for people.

#include <string>

#include "circuits/measures/certified_stability.h"
#include "tools/terminal.h"

namespace assay::tools {

/// What was found, in two sentences.
std::string certified_sentence(const circuits::CertifiedStability& stability);

/// The sentences, and the edges that are certified to stay in or could not be told.
void print_certified(const circuits::CertifiedStability& stability, const Console& console);

}  // namespace assay::tools
