#pragma once
// Means of measures with their intervals, a small multiple per measure.

#include "tools/page/comparison_figures.h"

namespace assay::tools::page {

/// @param measures  of these; in each, where scores that know nothing fall is a grey region.
Json comparison_chart(const ComparisonFigures& figures, const std::vector<std::string>& measures);

}  // namespace assay::tools::page
