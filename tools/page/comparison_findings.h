#pragma once
// What a comparison shows, to be grasped before its figures are read.

#include "tools/page/comparison_figures.h"

namespace assay::tools::page {

/// Per thing that scores are held against: how many methods beat chance, the best, those below it.
/// @param measures  one of each. @param meanings  of the references, in words, by name.
Json chance_findings(const ComparisonFigures& figures, const std::vector<std::string>& measures,
                     const std::map<std::string, std::string>& meanings);

/// The best method at each of these measures, or that none is told apart from the others.
Json best_findings(const ComparisonFigures& figures, const std::vector<std::string>& measures);

}  // namespace assay::tools::page
