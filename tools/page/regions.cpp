// Which inputs rows fail on: the leaves of each row's tree as bars, with their bounds.

#include <fmt/format.h>

#include <algorithm>

#include "tasks/page/figure.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using tasks::page::Bar;
using tasks::page::Csv;

std::string row_name(const Json& row) {
  return fmt::format("{}.{}", row.at("node").get<std::string>(),
                     row.at("axiom").get<std::string>());
}

/// `the number of repeated clauses ≥ 1, the number of clauses = 10`.
std::string short_words(const Json& region) {
  std::string words;
  for (const Json& condition : region.at("conditions")) {
    const std::string relation = condition.at("relation");
    const std::string value = condition.contains("value_name")
                                  ? condition.at("value_name").get<std::string>()
                                  : condition.at("value").dump();
    std::string feature = condition.at("feature");
    if (feature.starts_with("the ")) feature.erase(0, 4);
    words += fmt::format("{}{} {} {}", words.empty() ? "" : ", ", feature,
                         relation == "at most"    ? "≤"
                         : relation == "at least" ? "≥"
                         : relation == "is"       ? "="
                                                  : "≠",
                         value);
  }
  return words;
}

/// A bar per leaf, as wide as its rate among inputs that the tree was not fitted on.
Html bars_of(const Json& row) {
  const Json& regions = row.at("where").at("regions");
  double longest = 0;
  for (const Json& region : regions) longest = std::max(longest, region.at("upper").get<double>());
  std::vector<Bar> bars;
  Csv csv = {{"inputs", "n", "failures", "rate", "lower", "upper"}};
  for (const Json& region : regions) {
    const Json& held_out = region.at("held_out");
    const double rate = held_out.at("rate"), lower = region.at("lower"), upper = region.at("upper");
    bars.push_back(
        {.label = short_words(region),
         .value = fmt::format("{} of {}{}", grouped(held_out.at("failures")),
                              grouped(held_out.at("n")), rate > 0 ? " = " + share_text(rate) : ""),
         .length = longest > 0 ? rate / longest : 0});
    if (longest > 0) bars.back().interval = {lower / longest, upper / longest};
    csv.push_back({bars.back().label, held_out.at("n").dump(), held_out.at("failures").dump(),
                   fmt::format("{}", rate), fmt::format("{}", lower), fmt::format("{}", upper)});
  }
  return tasks::page::figure("regions", "", tasks::page::bars(bars),
                             "Bars: share that fails, of such inputs; line: its bounds.", csv);
}

}  // namespace

std::optional<Section> regions_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  std::vector<Json> rows;
  for (const Json& row : run.report.at("rows"))
    if (row.contains("where")) rows.push_back(row);
  if (rows.empty()) return std::nullopt;
  Section section{.title = "Where it fails", .run = {}};
  const Json& where = rows.front().at("where");
  section.blocks.push_back(paragraph(fmt::format(
      "What is known of the inputs, asked in at most two questions, that tells failing inputs from "
      "others. Questions were chosen on {} inputs; the rates are of the {} others. Line: bounds, "
      "which hold for all rows together.",
      grouped(where.at("fitted").at("n")), grouped(where.at("held_out").at("n")))));
  for (const Json& row : rows) {
    section.blocks.push_back(heading(row_name(row)));
    section.blocks.push_back(
        paragraph(row.at("where").at("sentence"),
                  row.at("where").at("generalises") ? Tone::Plain : Tone::Faint));
    if (!row.at("where").at("regions").empty())
      section.blocks.push_back(tasks::page::block(bars_of(row)));
  }
  return section;
}

}  // namespace assay::tools::page
