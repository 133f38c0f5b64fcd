#include "tools/interchange_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "interp/statistics/binomial.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportRow;
using statistics::Estimate;

bool is_exchange(const ReportRow& row) {
  return row.axiom == Axiom::II || row.axiom == Axiom::IA;
}

std::string accuracy(const Estimate& missed) {
  return missed.n == 0 ? "–" : fmt::format("{:.3f}%", 100 * (1 - missed.rate()));
}

// Which rates stand for more inputs than they were counted on.
bool bounded(const ReportRow& row, const Report& report) {
  return !row.exact && (report.scope == axioms::Scope::Distribution || report.exact);
}

std::string at_least(const Estimate& missed, const ReportRow& row, const Report& report) {
  if (missed.n == 0 || !bounded(row, report)) return row.exact && missed.n > 0 ? "exact" : "–";
  return fmt::format("{:.3f}%", 100 * (1 - statistics::upper_bound(missed, report.confidence)));
}

Table exchange_table(const Report& report) {
  const std::string bound = fmt::format("≥ {:g}%", 100 * report.confidence);
  const bool resampled = std::ranges::any_of(
      report.rows, [](const ReportRow& row) { return row.exchange && row.exchange->resampled; });
  std::vector<Heading> columns = {{"node", Align::Left},
                                  {"written", Align::Left},
                                  {"pairs"},
                                  {"IIA"},
                                  {bound},
                                  {"answer changes"},
                                  {"IIA there"},
                                  {bound}};
  if (resampled) columns.push_back({"unmapped resampled"});
  Table table(columns);
  std::string node;
  for (const ReportRow& row : report.rows) {
    if (!row.exchange || !is_exchange(row)) continue;
    const axioms::Exchange& exchange = *row.exchange;
    const double changes = row.estimate.n == 0 ? 0
                                               : static_cast<double>(exchange.changing.n) /
                                                     static_cast<double>(row.estimate.n);
    std::vector<Cell> cells = {
        {row.node == node ? "" : row.node, Tone::Bold},
        {row.axiom == Axiom::II ? "γ(value), II" : "activations, IA"},
        {grouped(row.estimate.n)},
        {accuracy(row.estimate)},
        {at_least(row.estimate, row, report)},
        {fmt::format("{:.1f}%", 100 * changes), changes == 0 ? Tone::Caution : Tone::Plain},
        {accuracy(exchange.changing)},
        {at_least(exchange.changing, row, report)}};
    if (resampled) cells.push_back({exchange.resampled ? accuracy(*exchange.resampled) : ""});
    table.add_row(std::move(cells));
    node = row.node;
  }
  return table;
}

void print_unmapped(const Report& report, const Console& console) {
  Table table({{"node", Align::Left}, {"unmapped", Align::Left}, {"changes"}, {"≤"}});
  bool any = false;
  for (const ReportRow& row : report.rows) {
    if (row.axiom != Axiom::UM || !row.exchange) continue;
    any = true;
    const auto add = [&](const std::string& node, const std::string& part,
                         const Estimate& changed) {
      table.add_row(
          {{node, Tone::Bold},
           {part},
           {fmt::format("{:.3g}%", 100 * changed.rate())},
           {bounded(row, report)
                ? fmt::format("{:.3g}%", 100 * statistics::upper_bound(changed, report.confidence))
                : ""}});
    };
    add(row.node, "any of it", row.estimate);
    std::vector<std::pair<std::string, Estimate>> parts(row.exchange->parts.begin(),
                                                        row.exchange->parts.end());
    std::ranges::stable_sort(parts, std::greater(),
                             [](const auto& part) { return part.second.failures; });
    for (const auto& [part, changed] : parts) add("", part, changed);
  }
  if (!any) return;
  console.line();
  console.line(console.paint(
      "What the interpretation calls irrelevant, from another input: does the answer change?",
      Tone::Bold));
  console.line(table.to_string(console.colour()));
}

}  // namespace

void print_interchanges(const Report& report, const Console& console) {
  if (std::ranges::any_of(report.rows, is_exchange)) {
    console.line();
    console.line(console.paint("Values exchanged between two inputs", Tone::Bold));
    console.line("(IIA: the network's answer is the one that the program then gives)");
    for (const Table& part : exchange_table(report).within(width_of(stdout), 2))
      console.line(part.to_string(console.colour()));
  }
  print_unmapped(report, console);
}

}  // namespace assay::tools
