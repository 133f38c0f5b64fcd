#pragma once
// The figures of a comparison's report, read back.

#include <map>
#include <string>
#include <vector>

#include "interp/statistics/interval.h"
#include "tasks/comparison_summary.h"
#include "tools/comparison_words.h"
#include "tools/page/page.h"

namespace assay::tools::page {

struct Figure {
  double mean = 0;
  statistics::Interval interval;
  int64_t inputs = 0;  ///< on which it is defined
  Chance chance = Chance::Unknown;
};

struct ComparedMethod {
  std::string name;
  std::map<std::string, Figure> figures;  ///< by measure
  double rows = 0, seconds = 0;           ///< of an explanation, on average
  bool is_method = true;                  ///< false: something to compare with, such as `(ols)`
};

struct ComparisonFigures {
  std::vector<std::string> measures;  ///< those that some method has
  std::map<std::string, statistics::Interval> chance;
  tasks::ComparisonSummary summary;  ///< that all this is from
  /// First those that are above chance on most measures, last what is no method.
  std::vector<ComparedMethod> methods;

  /// Measures that scores without knowledge were simulated for, or those that they were not.
  std::vector<std::string> measures_with_chance(bool with) const;
};

/// @param summary  as tasks::to_json(ComparisonSummary) writes it.
ComparisonFigures comparison_figures(const Json& report);

}  // namespace assay::tools::page
