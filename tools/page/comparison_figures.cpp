#include "tools/page/comparison_figures.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "tasks/comparison_fields.h"
#include "tools/measure_names.h"

namespace assay::tools::page {
namespace {

/// An interval with an open end tells nothing apart.
bool is_bounded(const statistics::Interval& interval) {
  return std::isfinite(interval.low) && std::isfinite(interval.high);
}

ComparedMethod method_of(const tasks::MethodSummary& of, const tasks::ComparisonSummary& summary) {
  ComparedMethod method{.name = of.method, .figures = {}};
  method.rows = of.rows;
  method.seconds = of.seconds;
  method.is_method = !method.name.starts_with('(');
  for (const auto& [measure, of_method] : of.measures) {
    // Errors by how many features go stand in the report; the page shows their sum.
    if (reference_of(measure) == "removal-mse") continue;
    if (std::isnan(of_method.mean)) continue;
    const statistics::Interval interval =
        is_bounded(of_method.interval) ? of_method.interval : statistics::kNoInterval;
    method.figures[measure] = {of_method.mean, interval, of_method.inputs,
                               chance_of(of_method, measure, summary)};
  }
  return method;
}

int64_t wins(const ComparedMethod& method) {
  return std::ranges::count_if(
      method.figures, [](const auto& figure) { return figure.second.chance == Chance::Above; });
}

}  // namespace

std::vector<std::string> ComparisonFigures::measures_with_chance(bool with) const {
  std::vector<std::string> chosen;
  std::ranges::copy_if(measures, std::back_inserter(chosen), [&](const std::string& measure) {
    return chance.contains(measure) == with;
  });
  return chosen;
}

ComparisonFigures comparison_figures(const Json& report) {
  const auto summary = interp::read_record<tasks::ComparisonSummary>(report, "the summary");
  ComparisonFigures figures;
  for (const auto& [measure, interval] : summary.random)
    if (is_bounded(interval)) figures.chance[measure] = interval;
  std::set<std::string> measures;
  for (const tasks::MethodSummary& method : summary.methods) {
    figures.methods.push_back(method_of(method, summary));
    for (const auto& [measure, figure] : figures.methods.back().figures) measures.insert(measure);
  }
  figures.summary = summary;
  figures.measures.assign(measures.begin(), measures.end());
  std::ranges::stable_sort(figures.methods, std::greater(), [](const ComparedMethod& method) {
    return std::pair(method.is_method, wins(method));
  });
  return figures;
}

}  // namespace assay::tools::page
