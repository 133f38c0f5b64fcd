#pragma once
// How a surrogate model was fitted to the network, for methods that fit one: SLALOM.

#include <optional>
#include <string>
#include <vector>

#include "tools/page/page.h"

namespace assay::tools::page {

/// Values over importances, and what the fit leaves unexplained; none for a method without them.
/// @param explanation  one of the record's. @param features  their names.
std::optional<Json> surrogate_fit(const Json& explanation,
                                  const std::vector<std::string>& features);

}  // namespace assay::tools::page
