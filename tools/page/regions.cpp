// Which inputs rows fail on: the leaves of each row's tree as bars, with their bounds.

#include <fmt/format.h>

#include <algorithm>

#include "tasks/page/figure.h"
#include "tasks/wording.h"
#include "tools/page/node_words.h"
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

/// Rows of which the same is known: where PE and CE are the same question, their trees are, too.
struct SameRegions {
  std::string names;
  const Json* row = nullptr;  ///< the first of them
};
std::vector<SameRegions> rows_with_regions(const Json& rows) {
  std::vector<SameRegions> all;
  for (const Json& row : rows) {
    if (!row.contains("where")) continue;
    const auto same = std::ranges::find_if(
        all, [&](const SameRegions& other) { return other.row->at("where") == row["where"]; });
    if (same == all.end())
      all.push_back({row_name(row), &row});
    else
      same->names += ", " + row_name(row);
  }
  return all;
}

/// Whether no question tells failing inputs from others, or too few fail to look for one.
bool nothing_was_asked(const Json& row) {
  return row.at("where").at("regions").empty();
}

}  // namespace

std::optional<Section> regions_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const std::vector<SameRegions> rows = rows_with_regions(run.report.at("rows"));
  if (rows.empty()) return std::nullopt;
  Section section{.title = "Where it fails", .run = {}};
  const tasks::Wording& words = tasks::wording_of(*run.task);
  const Json& where = rows.front().row->at("where");
  if (!std::ranges::all_of(rows, [](const auto& same) { return nothing_was_asked(*same.row); }))
    section.blocks.push_back(paragraph(fmt::format(
        "What is known of the {0}, asked in at most two questions, that tells failing ones from "
        "others. Questions were chosen on {1} {0}; the rates are of the {2} others. Line: bounds, "
        "which hold for all rows together.",
        words.inputs, grouped(where.at("fitted").at("n")), grouped(where.at("held_out").at("n")))));
  for (const auto& [names, row] : rows) {
    section.blocks.push_back(heading(names));
    section.blocks.push_back(
        paragraph(first_upper(row->at("where").at("sentence").get<std::string>()),
                  row->at("where").at("generalises") ? Tone::Plain : Tone::Faint));
    if (!nothing_was_asked(*row)) section.blocks.push_back(tasks::page::block(bars_of(*row)));
  }
  return section;
}

}  // namespace assay::tools::page
