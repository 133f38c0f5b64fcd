// Which inputs rows fail on: the leaves of each row's tree as bars, with their bounds.

#include <fmt/format.h>

#include <algorithm>

#include "axioms/report_fields.h"
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

const char* sign_of(statistics::Relation relation) {
  switch (relation) {
    case statistics::Relation::AtMost:
      return "≤";
    case statistics::Relation::AtLeast:
      return "≥";
    case statistics::Relation::Is:
      return "=";
    case statistics::Relation::IsNot:
      break;
  }
  return "≠";
}

/// `the number of repeated clauses ≥ 1, the number of clauses = 10`, without the first `the`.
std::string short_words(const std::vector<axioms::RegionCondition>& conditions) {
  std::string words;
  for (const axioms::RegionCondition& condition : conditions) {
    std::string feature = condition.feature;
    if (feature.starts_with("the ")) feature.erase(0, 4);
    words +=
        fmt::format("{}{} {} {}", words.empty() ? "" : ", ", feature, sign_of(condition.relation),
                    condition.value_name.value_or(fmt::to_string(condition.value)));
  }
  return words;
}

/// A bar per leaf, as wide as its rate among inputs that the tree was not fitted on.
Html bars_of(const axioms::FailingRegions& where) {
  double longest = 0;
  for (const axioms::Region& region : where.regions) longest = std::max(longest, region.upper);
  std::vector<Bar> bars;
  Csv csv = {{"inputs", "n", "failures", "rate", "lower", "upper"}};
  for (const auto& [conditions, fitted, held_out, lower, upper] : where.regions) {
    const double rate = held_out.rate();
    bars.push_back(
        {.label = short_words(conditions),
         .value = fmt::format("{} of {}{}", grouped(held_out.failures), grouped(held_out.n),
                              rate > 0 ? " = " + share_text(rate) : ""),
         .length = longest > 0 ? rate / longest : 0});
    if (longest > 0) bars.back().interval = {lower / longest, upper / longest};
    csv.push_back({bars.back().label, fmt::to_string(held_out.n), fmt::to_string(held_out.failures),
                   fmt::format("{}", rate), fmt::format("{}", lower), fmt::format("{}", upper)});
  }
  return tasks::page::figure("regions", "", tasks::page::bars(bars),
                             "Bars: share that fails, of such inputs; line: its bounds.", csv);
}

/// Rows of which the same is known: where PE and CE are the same question, their trees are, too.
struct SameRegions {
  std::string names;
  const axioms::FailingRegions* where = nullptr;
  Json record;  ///< by which they are compared
};
std::vector<SameRegions> rows_with_regions(const std::vector<axioms::ReportRow>& rows) {
  std::vector<SameRegions> all;
  for (const axioms::ReportRow& row : rows) {
    if (!row.where) continue;
    const Json record = interp::write_record(*row.where);
    const std::string name = fmt::format("{}.{}", row.node, to_string(row.axiom));
    const auto same = std::ranges::find(all, record, &SameRegions::record);
    if (same == all.end())
      all.push_back({name, &*row.where, record});
    else
      same->names += ", " + name;
  }
  return all;
}

}  // namespace

std::optional<Section> regions_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const std::vector<SameRegions> rows = rows_with_regions(run.validation->rows);
  if (rows.empty()) return std::nullopt;
  Section section{.title = "Where it fails", .run = {}};
  const tasks::Wording& words = tasks::wording_of(*run.task);
  const axioms::FailingRegions& first = *rows.front().where;
  // Else no question tells failing inputs from others, or too few fail to look for one.
  if (std::ranges::any_of(rows, [](const auto& same) { return !same.where->regions.empty(); }))
    section.blocks.push_back(paragraph(fmt::format(
        "What is known of the {0}, asked in at most two questions, that tells failing ones from "
        "others. Questions were chosen on {1} {0}; the rates are of the {2} others. Line: bounds, "
        "which hold for all rows together.",
        words.inputs, grouped(first.fitted.n), grouped(first.held_out.n))));
  for (const auto& [names, where, record] : rows) {
    section.blocks.push_back(heading(names));
    section.blocks.push_back(
        paragraph(first_upper(where->sentence), where->generalises ? Tone::Plain : Tone::Faint));
    if (!where->regions.empty()) section.blocks.push_back(tasks::page::block(bars_of(*where)));
  }
  return section;
}

}  // namespace assay::tools::page
