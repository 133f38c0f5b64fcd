#include "tools/page/comparison_findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tools/measure_names.h"

namespace assay::tools::page {
namespace {

/// The methods that have this measure, with their figures. A method is not held against itself.
std::vector<std::pair<std::string, Figure>> contenders(const ComparisonFigures& figures,
                                                       const std::string& measure) {
  std::vector<std::pair<std::string, Figure>> found;
  for (const ComparedMethod& method : figures.methods)
    if (const auto figure = method.figures.find(measure);
        method.is_method && figure != method.figures.end() && method.name != reference_of(measure))
      found.emplace_back(method.name, figure->second);
  return found;
}

/// `occlusion:deletion (1.00)`, or why none is best.
std::string best_at(const ComparisonFigures& figures, const std::string& measure) {
  const auto found = figures.leaders.find(measure);
  if (found == figures.leaders.end()) return "–";
  const tasks::Leader& leader = found->second;
  if (!leader.is_best()) return tasks::in_words(leader);
  const auto method = std::ranges::find(figures.methods, leader.method, &ComparedMethod::name);
  return fmt::format("{} ({})", leader.method, figure_text(method->figures.at(measure).mean));
}

}  // namespace

Json chance_findings(const ComparisonFigures& figures, const std::vector<std::string>& measures,
                     const std::map<std::string, std::string>& meanings) {
  Json lines = Json::array();
  for (const std::string& measure : measures) {
    const auto methods = contenders(figures, measure);
    const auto above = std::ranges::count_if(
        methods, [](const auto& method) { return method.second.chance == Chance::Above; });
    std::vector<std::string> below;
    for (const auto& [name, figure] : methods)
      if (figure.chance == Chance::Below) below.push_back(name);
    const std::string reference = reference_of(measure);
    lines.push_back(
        {reference,
         cell(fmt::format("{} of {}", above, methods.size()), above > 0 ? Tone::Good : Tone::Plain),
         best_at(figures, measure), cell(fmt::format("{}", fmt::join(below, ", ")), Tone::Bad),
         meanings.at(reference)});
  }
  return table(
      "Methods that beat scores which know nothing, by AUROC where there is one, else by "
      "Spearman's ρ. Best is a method that beats them and is told apart from every other by its "
      "differences on the same inputs.",
      {{"held against", false},
       {"beat chance"},
       {"best", false},
       {"worse than chance", false},
       {"what it is", false}},
      lines);
}

Json best_findings(const ComparisonFigures& figures, const std::vector<std::string>& measures) {
  std::vector<Fact> rows;
  for (const std::string& measure : measures)
    rows.push_back({fmt::format("{}, {}", reference_of(measure), title_of_kind(kind_of(measure))),
                    best_at(figures, measure)});
  return facts(rows);
}

}  // namespace assay::tools::page
