#pragma once
// An explained input as a page of its own.

#include <string>

#include "tools/explained.h"

namespace assay::tools {

/// HTML that needs nothing beside it, for dark and light screens: the input once per method, tokens
/// coloured by score, and a table of features by methods.
std::string heat_map_html(const ExplainedInput& input);

}  // namespace assay::tools
