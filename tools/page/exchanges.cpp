// What was exchanged between two inputs: a step's value or activations, after which the answer must
// be the one that the explanation then computes, and what no step reads, after which it must stay.
// Their rates stand among all rows; here is how often the exchange could be seen in the answer at
// all, and which of the parts that nothing reads do change it.

#include <fmt/format.h>

#include <algorithm>

#include "axioms/report.h"
#include "tasks/page/figure.h"
#include "tasks/wording.h"
#include "tools/page/node_words.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportRow;
using statistics::Estimate;
using tasks::page::Bar;
using tasks::page::Csv;
using tasks::page::Html;
using tasks::page::tag;

bool exchanges_values(const ReportRow& row) {
  return row.exchange && (row.axiom == Axiom::II || row.axiom == Axiom::IA);
}

/// `99.2% of 2,000`.
std::string followed(const Estimate& missed) {
  if (missed.n == 0) return "–";
  return fmt::format("{} of {}", share_text(1 - missed.rate()), grouped(missed.n));
}

Html number_cell(const char* name, const std::string& text, const std::string& small = "") {
  const bool heads = std::string_view(name) == "th";
  return tag(name, {{"class", "r"}, {"scope", heads ? "col" : ""}},
             small.empty() ? Html(text) : Html(text) + tag("small", small));
}

Html exchanges_table(const Report& report) {
  const bool resampled = std::ranges::any_of(
      report.rows, [](const ReportRow& row) { return row.exchange && row.exchange->resampled; });
  Html lines;
  for (const ReportRow& row : report.rows) {
    if (!exchanges_values(row)) continue;
    const bool bounded = !row.exact && report.scope == axioms::Scope::Distribution;
    const std::string least =
        bounded ? "at least " + share_text(1 - bound_of(row), Rounding::Down) : "";
    const char* what = row.axiom == Axiom::II ? "its value, written by the explanation (II)"
                                              : "its activations as they are (IA)";
    Html line = tag("th", {{"scope", "row"}}, tag("bdi", row.node) + tag("small", what)) +
                number_cell("td", followed(row.estimate), least) +
                number_cell("td", followed(row.exchange->changing));
    if (resampled)
      line += number_cell("td", row.exchange->resampled ? followed(*row.exchange->resampled) : "");
    lines += tag("tr", line);
  }
  if (lines.empty()) return {};
  Html head = tag("th", {{"scope", "col"}}, "step, and what came from the other input") +
              number_cell("th", "answer follows") + number_cell("th", "where it must change");
  if (resampled) head += number_cell("th", "with the rest exchanged, too");
  return tag(
      "div",
      {{"class", "table"}, {"tabindex", "0"}, {"role", "group"}, {"aria-label", "exchanges"}},
      tag("table", tag("thead", tag("tr", head)) + tag("tbody", lines)));
}

/// `blocks.0.hook_resid_post: 31 of 41 positions` in words.
std::string part_in_words(const Run& run, const std::string& part) {
  const size_t colon = part.find(": ");
  const std::string place = place_words(*run.task, part.substr(0, colon));
  return colon == part.npos ? place : fmt::format("{}: {}", place, part.substr(colon + 2));
}

Html unmapped_figure(const Run& run, const ReportRow& row) {
  std::vector<std::pair<std::string, Estimate>> parts(row.exchange->parts.begin(),
                                                      row.exchange->parts.end());
  std::ranges::stable_sort(parts, std::greater(),
                           [](const auto& part) { return part.second.failures; });
  parts.insert(parts.begin(), {"any of it", row.estimate});
  double longest = 0;
  for (const auto& [part, changed] : parts) longest = std::max(longest, changed.rate());
  std::vector<Bar> bars;
  Csv csv = {{"part", "n", "changed"}};
  for (const auto& [part, changed] : parts) {
    const std::string label = part == "any of it" ? part : part_in_words(run, part);
    bars.push_back(
        {.label = label,
         .value = fmt::format("{} of {}{}", grouped(changed.failures), grouped(changed.n),
                              changed.failures ? " = " + share_text(changed.rate()) : ""),
         .length = longest > 0 ? changed.rate() / longest : 0});
    csv.push_back({label, fmt::to_string(changed.n), fmt::to_string(changed.failures)});
  }
  return tag("h3", fmt::format("What {} does not read", row.node)) +
         tasks::page::figure(fmt::format("unmapped-{}", row.node), "", tasks::page::bars(bars),
                             "Bars: how often the answer changes when it comes from another input. "
                             "It should never.",
                             csv);
}

}  // namespace

std::optional<Section> exchanges_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const Report& report = *run.validation;
  const auto asked = [](const ReportRow& row) { return row.exchange.has_value(); };
  if (std::ranges::none_of(report.rows, asked)) return std::nullopt;
  const tasks::Wording& words = tasks::wording_of(*run.task);
  Html html;
  if (const Html table = exchanges_table(report); !table.empty())
    html += tag("p", fmt::format("What a step holds on one {0} is put into the network’s run on "
                                 "another. Is the answer then the one that the explanation "
                                 "computes with it? Only where that is another answer than before "
                                 "does the network have to follow.",
                                 words.input)) +
            table;
  for (const ReportRow& row : report.rows)
    if (row.axiom == Axiom::UM && row.exchange) html += unmapped_figure(run, row);
  Section section{.title = "Exchanged between inputs", .run = {}};
  section.blocks.push_back(tasks::page::block(html));
  return section;
}

}  // namespace assay::tools::page
