// The same inputs in other guises that mean the same: how often the network is right, and how often
// each node fails.

#include <algorithm>
#include <iterator>

#include "tools/page/axiom_rows.h"
#include "tools/page/sections.h"

namespace assay::tools::page {
namespace {

std::vector<AxiomRow> rows_of_all(const Json& guises) {
  std::vector<AxiomRow> all;
  for (const Json& guise : guises) std::ranges::move(axiom_rows(guise), std::back_inserter(all));
  return all;
}

}  // namespace

std::optional<Section> guises_section(const Run& run) {
  if (run.kind != RunKind::Validation || !run.report.contains("under")) return std::nullopt;
  std::vector<Column> columns = {{"inputs", false}, {"network right"}};
  for (const Json& node : run.report.at("nodes"))
    columns.push_back({node.at("node"), true, "the largest of its four failure rates"});
  const int decimals = decimals_of(rows_of_all(run.report.at("under")));
  Json lines = Json::array();
  for (const Json& guise : run.report.at("under")) {
    Json line = {cell(guise.at("transformation"), Tone::Plain, guise.at("help")),
                 percent(guise.at("accuracy"))};
    const std::vector<AxiomRow> rows = axiom_rows(guise);
    for (const Json& node : run.report.at("nodes"))
      line.push_back(percent(worst_rate(rows, node.at("node")), decimals));
    lines.push_back(line);
  }
  Section section{.title = "In other guises", .run = {}};
  section.blocks.push_back(
      paragraph("The inputs changed in ways that leave the answer as it is. Verdicts speak of the "
                "inputs as they were drawn."));
  section.blocks.push_back(table("", columns, lines));
  return section;
}

}  // namespace assay::tools::page
