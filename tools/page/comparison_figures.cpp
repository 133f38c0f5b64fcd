#include "tools/page/comparison_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tools/measure_names.h"

namespace assay::tools::page {
namespace {

/// Bounds are null where nothing is defined.
std::optional<statistics::Interval> interval_of(const Json& bounds) {
  if (bounds.is_null() || !bounds.at(0).is_number() || !bounds.at(1).is_number())
    return std::nullopt;
  return statistics::Interval{bounds[0], bounds[1]};
}

Chance chance_of(const statistics::Interval& interval, const statistics::Interval& chance) {
  if (!interval.exists()) return Chance::Unknown;
  if (interval.low > chance.high) return Chance::Above;
  if (interval.high < chance.low) return Chance::Below;
  return Chance::Within;
}

ComparedMethod method_of(const Json& summary,
                         const std::map<std::string, statistics::Interval>& chance) {
  ComparedMethod method{.name = summary.at("method"), .figures = {}};
  method.rows = summary.value("rows", 0.0);
  method.seconds = summary.value("seconds", 0.0);
  method.is_method = !method.name.starts_with('(');
  for (const auto& [measure, of_method] : summary.at("measures").items()) {
    // Errors by how many features go stand in the report; the page shows their sum.
    if (reference_of(measure) == "removal-mse") continue;
    if (!of_method.at("mean").is_number()) continue;
    const statistics::Interval interval =
        interval_of(of_method.at("interval")).value_or(statistics::kNoInterval);
    Figure& figure = method.figures[measure];
    figure = {of_method.at("mean"), interval, of_method.at("inputs")};
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

ComparisonFigures comparison_figures(const Json& summary) {
  ComparisonFigures figures;
  if (summary.at("random").is_object())
    for (const auto& [measure, bounds] : summary["random"].items())
      if (const auto interval = interval_of(bounds)) figures.chance[measure] = *interval;
  std::set<std::string> measures;
  for (const Json& method : summary.at("methods")) {
    figures.methods.push_back(method_of(method, figures.chance));
    for (const auto& [measure, figure] : figures.methods.back().figures) measures.insert(measure);
  }
  if (summary.contains("leaders"))  // earlier reports have none
    for (const auto& [measure, leader] : summary["leaders"].items())
      figures.leaders[measure] = tasks::leader_from(leader);
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
