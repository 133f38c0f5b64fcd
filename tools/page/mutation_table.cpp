// Which mutations of an interpretation validation catches, and by what.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "axioms/report.h"
#include "tasks/page/forest.h"
#include "tools/mutation_text.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using tasks::MutatedRow;
using tasks::MutationResult;
using tasks::page::tag;

/// The row that got worse by most, of those by which the mutation is caught.
const MutatedRow* clearest(const MutationResult& result) {
  const MutatedRow* best = nullptr;
  for (const MutatedRow& row : result.rows)
    if (row.caught() && (!best || row.after.rate() > best->after.rate())) best = &row;
  return best;
}

/// One mutation as a line of the figure: how often the interpretation fails at its clearest row.
tasks::page::Forest::Line caught_line(const MutationResult& result) {
  tasks::page::Forest::Line line{.name = change_of(result), .value = "not caught", .tone = "int"};
  if (const MutatedRow* row = clearest(result)) {
    line.value = share_text(row->after.rate());
    line.under = fmt::format("{}.{}, after {}", row->node, to_string(row->axiom),
                             grouped(*row->violated_after));
    line.at = row->after.rate();
    line.span = {row->claim, row->after.rate()};
  } else if (!result.objections.empty()) {
    line.value = "caught";
    line.under = fmt::format("{}: {}", result.objections[0].node, result.objections[0].kind);
  }
  return line;
}

tasks::page::Csv csv_of(const std::vector<MutationResult>& results) {
  tasks::page::Csv csv = {{"mutation", "seed", "node", "axiom", "n", "failures_before", "failures",
                           "claim", "caught", "violated_after"}};
  for (const MutationResult& result : results)
    for (const MutatedRow& row : result.rows)
      csv.push_back({result.mutation, fmt::to_string(result.seed), row.node, to_string(row.axiom),
                     fmt::to_string(row.after.n), fmt::to_string(row.before.failures),
                     fmt::to_string(row.after.failures), fmt::format("{}", row.claim),
                     row.caught() ? "yes" : "no",
                     row.violated_after ? fmt::to_string(*row.violated_after) : ""});
  return csv;
}

Json caught_figure(const std::vector<MutationResult>& results) {
  tasks::page::Forest forest{
      .says = "share of inputs on which the mutated interpretation fails",
      .lines = {},
      .axis = {
          .low = 1e-5, .high = 1, .ticks = {1e-4, 1e-2, 1}, .logarithmic = true, .percent = true}};
  for (const MutationResult& result : results) forest.lines.push_back(caught_line(result));
  return tasks::page::block(tasks::page::figure(
      "mutations", "", tasks::page::forest(forest),
      "For each mutation the row that tells it best: the dot is its rate, the line begins at what "
      "the unchanged interpretation keeps to. “After” is how many inputs it takes.",
      csv_of(results)));
}

/// What was not caught, by name; empty: nothing.
std::string not_caught(const std::vector<MutationResult>& results) {
  std::vector<std::pair<std::string, int64_t>> names;
  for (const MutationResult& result : results) {
    if (result.caught()) continue;
    if (names.empty() || names.back().first != result.mutation)
      names.push_back({result.mutation, 0});
    ++names.back().second;
  }
  std::string text;
  for (const auto& [name, times] : names)
    text += (text.empty() ? "Not caught: " : ", ") + name +
            (times > 1 ? fmt::format(", {} times", times) : "");
  return text.empty() ? text
                      : text +
                            ". What they change makes no row fail more often, on these inputs, "
                            "than the unchanged interpretation may.";
}

}  // namespace

std::optional<Section> mutations_section(const Run& run) {
  if (run.kind != "mutation-table") return std::nullopt;
  Section section{.title = "What catches each mutation", .run = {}};
  const std::vector<MutationResult> results =
      mutations_from_json(run.report.at("mutations"), run.path.string());
  if (results.empty()) {
    section.blocks.push_back(paragraph("No mutation was tried."));
    return section;
  }
  section.blocks.push_back(headline(caught_sentence(results) + ".", {}, not_caught(results)));
  section.blocks.push_back(caught_figure(results));
  return section;
}

}  // namespace assay::tools::page
