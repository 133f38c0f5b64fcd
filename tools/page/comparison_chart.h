#pragma once
// One measure of a comparison as a figure: every method's mean beside where chance lies, and how
// far the leader is ahead of each rival on the same inputs.

#include "tools/page/comparison_figures.h"

namespace assay::tools::page {

/// @param measure  one that some method has. @param meaning  of what it holds scores against, in
///   words; may be empty.
Json measure_figure(const ComparisonFigures& figures, const std::string& measure,
                    const std::string& meaning);

/// What the marks of these figures say, once for all of them.
/// @param confidence  of the intervals.
std::string marks_in_words(const ComparisonFigures& figures, double confidence);

}  // namespace assay::tools::page
