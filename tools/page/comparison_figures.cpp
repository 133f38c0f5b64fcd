#include "tools/page/comparison_figures.h"

#include <fmt/format.h>

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

Chance chance_of(const statistics::Interval& interval, const statistics::Interval& chance) {
  if (!interval.exists()) return Chance::Unknown;
  if (interval.low > chance.high) return Chance::Above;
  if (interval.high < chance.low) return Chance::Below;
  return Chance::Within;
}

ComparedMethod method_of(const tasks::MethodSummary& summary,
                         const std::map<std::string, statistics::Interval>& chance) {
  ComparedMethod method{.name = summary.method, .figures = {}};
  method.rows = summary.rows;
  method.seconds = summary.seconds;
  method.is_method = !method.name.starts_with('(');
  for (const auto& [measure, of_method] : summary.measures) {
    // Errors by how many features go stand in the report; the page shows their sum.
    if (reference_of(measure) == "removal-mse") continue;
    if (std::isnan(of_method.mean)) continue;
    const statistics::Interval interval =
        is_bounded(of_method.interval) ? of_method.interval : statistics::kNoInterval;
    Figure& figure = method.figures[measure];
    figure = {of_method.mean, interval, of_method.inputs};
    if (const auto found = chance.find(measure); found != chance.end())
      figure.chance = chance_of(interval, found->second);
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
    figures.methods.push_back(method_of(method, figures.chance));
    for (const auto& [measure, figure] : figures.methods.back().figures) measures.insert(measure);
  }
  figures.leaders = summary.leaders;
  figures.measures.assign(measures.begin(), measures.end());
  std::ranges::stable_sort(figures.methods, std::greater(), [](const ComparedMethod& method) {
    return std::pair(method.is_method, wins(method));
  });
  return figures;
}

std::string figure_text(double figure) {
  const double size = std::abs(figure);
  const std::string digits = size >= 1e4 ? fmt::format("{:.1e}", size)
                                         : fmt::format("{:.{}f}", size,
                                                       size < 10    ? 2
                                                       : size < 100 ? 1
                                                                    : 0);
  const bool negative = figure < 0 && digits.find_first_of("123456789") != digits.npos;
  return negative ? "−" + digits : digits;
}

std::string figure_text(const statistics::Interval& interval) {
  if (!interval.exists()) return "no interval";
  return fmt::format("{} to {}", figure_text(interval.low), figure_text(interval.high));
}

}  // namespace assay::tools::page
