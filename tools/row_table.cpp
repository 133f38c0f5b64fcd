#include "tools/row_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/equality_words.h"
#include "tools/report_text.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace {

using axioms::Report;
using axioms::ReportRow;

constexpr size_t kWidestNode = 24;
constexpr size_t kRoomForFixed = 110;  ///< columns from which on there is a second bound

/// One line; `found` takes the place of the figures where there are none.
struct RowLine {
  std::string node = {}, row = {}, failures = {}, rate = {}, bound = {}, fixed = {}, chance = {},
              found = {}, claim = {}, verdict = {};
  Tone tone = Tone::Plain;
};

Tone tone_of_row(Outcome outcome) {
  switch (outcome) {
    case Outcome::Holds:
      return Tone::Good;
    case Outcome::Violated:
    case Outcome::Vacuous:
      return Tone::Bad;
    case Outcome::None:
      return Tone::Plain;
    case Outcome::Undecided:
    case Outcome::Untested:
      break;
  }
  return Tone::Caution;
}

std::string row_verdict(const ReportRow& row) {
  const Outcome outcome = outcome_of(row);
  if (outcome == Outcome::None) return "";
  const OutcomeWords& words = words_of(outcome);
  std::string text = fmt::format("{} {}", shows_utf8() ? words.glyph : words.ascii, words.name);
  if (row.never && outcome == Outcome::Holds) text = shows_utf8() ? "■ proved" : "# proved";
  if (row.decided_at) text += " at " + grouped(row.decided_at->n);
  return text;
}

RowLine row_line_of(const Report& report, size_t index) {
  const ReportRow& row = report.rows[index];
  RowLine line{.row = to_string(row.axiom) + (row.answer_name ? "[" + *row.answer_name + "]" : ""),
               .claim = row.claim ? fmt::format("≤ {:g}%", 100 * *row.claim) : "",
               .verdict = row_verdict(row),
               .tone = tone_of_row(outcome_of(row))};
  if (!row.proved.empty()) {
    line.found = proved_text(row);
    return line;
  }
  if (const auto equal = equal_row(report, index)) {
    line.found = fmt::format("= {} ({})", equal->name, equal->why);
    return line;
  }
  line.failures = grouped(row.estimate.failures);
  line.rate = share_text(row.estimate.rate());
  if (!row.exact) line.bound = share_text(bound_of(row), Rounding::Up);
  if (row.anytime_upper) line.fixed = share_text(row.upper, Rounding::Up);
  if (row.unrelated.n > 0) line.chance = share_text(row.unrelated.rate());
  return line;
}

struct RowWidths {
  size_t node = 4, row = 3, failures = 8, rate = 7, bound = 7, chance = 6, claim = 8;
  size_t fixed = 0;  ///< 0: no such column
  size_t figures() const { return failures + rate + bound + chance + 6 + (fixed ? fixed + 2 : 0); }
};

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, columns(text)), ' ');
}
std::string flush(const std::string& text, size_t width) {
  return std::string(width - std::min(width, columns(text)), ' ') + text;
}

std::string row_text(const RowLine& line, const RowWidths& widths, const Console& console) {
  const std::string figures =
      line.found.empty()
          ? fmt::format("{}  {}  {}{}  {}", flush(line.failures, widths.failures),
                        flush(line.rate, widths.rate), flush(line.bound, widths.bound),
                        widths.fixed ? "  " + flush(line.fixed, widths.fixed) : "",
                        flush(line.chance, widths.chance))
          : padded(std::string(widths.failures > 4 ? 4 : 0, ' ') + line.found, widths.figures());
  std::string text =
      fmt::format("{}  {}  {}  {}  ", padded(line.node, widths.node), padded(line.row, widths.row),
                  figures, padded(line.claim, widths.claim));
  text = in_locale(text) + console.paint(line.verdict, line.tone);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

std::vector<std::string> row_lines(const Report& report, const tasks::Task& task, size_t width,
                                   const Console& console) {
  std::vector<RowLine> lines;
  RowWidths widths;
  if (report.sequential && width >= kRoomForFixed) widths.fixed = 7;
  for (size_t i = 0; i < report.rows.size(); ++i) {
    lines.push_back(row_line_of(report, i));
    if (is_interchange(report.rows[i].axiom) && !report.rows[i].claim) continue;
    widths.node = std::max(widths.node, std::min(kWidestNode, columns(report.rows[i].node)));
    widths.row = std::max(widths.row, columns(lines.back().row));
    widths.failures = std::max(widths.failures, columns(lines.back().failures));
    widths.rate = std::max(widths.rate, columns(lines.back().rate));
    widths.bound = std::max(widths.bound, columns(lines.back().bound));
    widths.claim = std::max(widths.claim, columns(lines.back().claim));
  }
  std::vector<std::string> shown_lines = {
      console.paint(row_text({.node = "node",
                              .row = "row",
                              .failures = "failures",
                              .rate = report.exact ? "exactly" : "rate",
                              .bound = report.exact ? "" : "at most",
                              .fixed = "fixed n",
                              .chance = "chance",
                              .claim = "claim",
                              .verdict = "verdict"},
                             widths, console),
                    Tone::Faint)};
  std::string node;
  for (size_t i = 0; i < lines.size(); ++i) {
    // Interchanges have a table of their own (interchange_text.h), and their claims a line here.
    if (is_interchange(report.rows[i].axiom) && !report.rows[i].claim) continue;
    if (report.rows[i].node != node) {
      node = report.rows[i].node;
      const std::string name = one_line(shortened(node, widths.node));
      const std::string rule = "equal: " + equality_words(report, node, task);
      shown_lines.push_back(
          console.paint(padded(name, widths.node), Tone::Bold) +
          in_locale("  " + one_line(shortened(
                               rule, width > widths.node + 12 ? width - widths.node - 2 : 10))));
    }
    shown_lines.push_back(row_text(lines[i], widths, console));
    if (report.rows[i].plain)
      shown_lines.push_back(in_locale(fmt::format(
          "{}  {}  compared plainly, element by element: {}", std::string(widths.node, ' '),
          std::string(widths.row, ' '), share_text(report.rows[i].plain->rate()))));
  }
  return shown_lines;
}

}  // namespace assay::tools
