// Error rates of every node and axiom, with their bounds.

#include <fmt/format.h>

#include "tools/decisions.h"
#include "tools/page/axiom_rows.h"
#include "tools/page/page.h"
#include "tools/page/rates_chart.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

struct Meaning {
  const char *name, *full, *words;
};
constexpr Meaning kAxioms[] = {
    {"PE", "prefix equivalence",
     "The network's value of a step is the one that the interpretation computes from the input."},
    {"CE", "component equivalence",
     "The network's value of a step is the one that the interpretation computes from the network's "
     "values one step earlier."},
    {"PR", "prefix replaceability",
     "The network still gives its answer when the value computed from the input is written in its "
     "place."},
    {"CR", "component replaceability",
     "The network still gives its answer when the value computed from the step before is written "
     "in its place."}};

std::string help_of(const std::string& axiom) {
  const auto* found = std::ranges::find(kAxioms, axiom, &Meaning::name);
  return fmt::format("{}: {}", found->full, found->words);
}

Json legend() {
  std::vector<Fact> rows;
  for (const Meaning& axiom : kAxioms)
    rows.push_back({axiom.name, fmt::format("{}. {}", axiom.full, axiom.words)});
  return facts(rows);
}

/// The rate, and below it the answer; empty where nothing failed.
Json worst_cell(const AxiomRow& row, int decimals, const tasks::Task& task) {
  if (!row.worst || row.worst->rate == 0) return "";
  Json worst = cell(
      percent(row.worst->rate, decimals), Tone::Plain,
      fmt::format("at most {}, for all answers together", percent(row.worst->upper, decimals)));
  worst["under"] = decision_text(row.worst->answer, task);
  return worst;
}

Json rates_table(const std::vector<AxiomRow>& rows, const Json& report, const tasks::Task& task) {
  const bool exact = report.at("exact");
  const int decimals = decimals_of(rows);
  std::vector<Column> columns = {
      {"node", false}, {"axiom", false}, {"failures"}, {exact ? "exact rate" : "rate"}};
  if (!exact) {
    columns.push_back({fmt::format("≤ {:g}%", 100 * report.at("confidence").get<double>()), true,
                       "exact upper bound on the rate of this row, where the number of inputs was "
                       "chosen beforehand"});
    columns.push_back(
        report.contains("sequential")
            ? Column{"≤ any n", true,
                     "upper bound on the rate of this row that holds wherever one "
                     "stops"}
            : Column{"≤ all rows", true, "exact upper bound that holds for all rows together"});
  }
  columns.push_back({"by chance", true, "the rate with the value of an unrelated input"});
  columns.push_back({"worst answer", true,
                     "the rate on the inputs of the network's answer on which the row fails most"});
  const bool claimed =
      std::ranges::any_of(rows, [](const AxiomRow& row) { return row.claim.has_value(); });
  if (claimed) {
    columns.push_back({"claim"});
    columns.push_back({.title = "verdict", .number = false, .pinned = true});
  }
  Json lines = Json::array();
  std::string node;
  for (const AxiomRow& row : rows) {
    Json line = {row.node == node ? "" : row.node,
                 row.proved.empty() ? cell(row.label(), Tone::Plain, help_of(row.axiom))
                                    : cell_over(row.label(), row.proved + " (proved)"),
                 grouped(row.failures), percent(row.rate, decimals)};
    if (!exact) {
      line.push_back(percent(row.upper, decimals));
      line.push_back(percent(row.anytime ? row.anytime->upper : row.simultaneous_upper, decimals));
    }
    line.push_back(cell(percent(row.by_chance),
                        row.better_than_chance ? Tone::Plain : Tone::Caution,
                        fmt::format("of {} pairs", grouped(row.pairs))));
    line.push_back(worst_cell(row, decimals, task));
    if (claimed) {
      line.push_back(row.claim ? fmt::format("≤ {:g}%", 100 * *row.claim) : "");
      line.push_back(cell(row.verdict, tone_of_verdict(row.verdict)));
    }
    lines.push_back(line);
    if (row.plain) {
      Json plain = {"",
                    cell("= plain", Tone::Faint,
                         "the same row, were its values compared by what they are instead of by "
                         "their effect on the answer"),
                    grouped(row.plain->failures), percent(row.plain->rate, decimals)};
      while (plain.size() < columns.size()) plain.push_back("");
      lines.push_back(plain);
    }
    node = row.node;
  }
  return table("", columns, lines);
}

/// Where prefix failures come from: a parent that was wrong already, or this node.
Json origins_chart(const Json& nodes) {
  Json values = Json::array();
  std::string alt = "Failures of prefix equivalence by origin:";
  for (const Json& node : nodes) {
    const std::string name = node.at("node");
    const int64_t inherited = node.at("inherited_failures"),
                  introduced = node.at("introduced_failures");
    values.push_back({{"node", name}, {"origin", "inherited"}, {"failures", inherited}});
    values.push_back({{"node", name}, {"origin", "introduced"}, {"failures", introduced}});
    alt += fmt::format(" {} inherits {} and introduces {},", name, grouped(inherited),
                       grouped(introduced));
  }
  alt.back() = '.';
  const Json colour = {
      {"field", "origin"},
      {"type", "nominal"},
      {"title", nullptr},
      {"scale",
       {{"domain", {"inherited", "introduced"}}, {"range", {"var(--faint)", "var(--accent)"}}}},
      {"legend", {{"orient", "top"}, {"symbolType", "square"}}}};
  return chart(
      "Failures of prefix equivalence: inherited ones were wrong at a parent already, introduced "
      "ones go wrong at this node.",
      alt,
      {{"data", {{"values", values}}},
       {"width", 640},
       {"height", {{"step", 26}}},
       {"mark", {{"type", "bar"}, {"height", 14}}},
       {"encoding",
        {{"y", lines_by("node")},
         {"x",
          {{"field", "failures"},
           {"type", "quantitative"},
           {"title", "failing inputs"},
           {"axis", {{"tickMinStep", 1}, {"tickCount", 6}}}}},
         {"color", colour},
         {"order", {{"field", "origin"}}},
         {"tooltip",
          {{{"field", "node"}},
           {{"field", "origin"}},
           {{"field", "failures"}, {"format", ","}}}}}}});
}

bool any_prefix_failure(const std::vector<AxiomRow>& rows) {
  return std::ranges::any_of(
      rows, [](const AxiomRow& row) { return row.axiom == "PE" && row.failures > 0; });
}

}  // namespace

std::optional<Section> axioms_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const std::vector<AxiomRow> rows = axiom_rows(run.report);
  Section section{.title = "Axioms, node by node", .run = {}};
  section.blocks.push_back(legend());
  section.blocks.push_back(rates_chart(rows, run.report.at("exact")));
  section.blocks.push_back(rates_table(rows, run.report, *run.task));
  if (any_prefix_failure(rows)) section.blocks.push_back(origins_chart(run.report.at("nodes")));
  return section;
}

}  // namespace assay::tools::page
