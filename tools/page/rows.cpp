// All rows in one figure: rate, bounds, chance level, claim and verdict share one axis, and the
// numbers stand beside their marks. An exact 0 has a lane of its own; then the axis is logarithmic,
// from 0.001% to 100%. A row that equals another is shown as equal, not as more evidence.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "axioms/report.h"
#include "tasks/page/figure.h"
#include "tasks/wording.h"
#include "tools/page/node_words.h"
#include "tools/page/outcomes.h"
#include "tools/page/sections.h"
#include "tools/report_text.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportRow;
using tasks::page::Csv;
using tasks::page::Html;
using tasks::page::mark;
using tasks::page::place;
using tasks::page::span;
using tasks::page::tag;

constexpr double kZero = 0.025, kLeft = 0.09, kRight = 0.98;  // places along the axis
constexpr double kLeast = 1e-5;                               // the rate at kLeft

double along(double rate) {
  if (rate <= 0) return kZero;
  const double decades = std::log10(std::clamp(rate, kLeast, 1.0)) - std::log10(kLeast);
  return kLeft + (kRight - kLeft) * decades / -std::log10(kLeast);
}

Html vertical(const char* style, double rate, int from, int to) {
  return mark("line", {{"class", style},
                       {"x1", place(along(rate))},
                       {"x2", place(along(rate))},
                       {"y1", fmt::to_string(from)},
                       {"y2", fmt::to_string(to)}});
}

Html horizontal(const char* style, double from, double to) {
  return mark("line", {{"class", style},
                       {"x1", place(along(from))},
                       {"x2", place(along(to))},
                       {"y1", "13"},
                       {"y2", "13"}});
}

Html circle(const char* style, double rate, const char* radius) {
  return mark("circle",
              {{"class", style}, {"cx", place(along(rate))}, {"cy", "13"}, {"r", radius}});
}

Html grid() {
  Html lines = vertical("z", 0, 0, 26);
  for (double rate = kLeast; rate < 1.5; rate *= 10) lines += vertical("g", rate, 0, 26);
  return lines;
}

Html track(const Html& marks) {
  return tag("div", {{"class", "trk"}, {"role", "cell"}},
             tag("svg", {{"aria-hidden", "true"}}, marks));
}

/// The marks of a row that is known by nothing but itself.
Html marks_of(const ReportRow& row) {
  const double rate = row.estimate.rate();
  const bool violated = outcome_of(row) == Outcome::Violated;
  Html marks;
  if (row.claim)
    marks += mark("rect", {{"class", "band"},
                           {"x", "0"},
                           {"width", place(along(*row.claim))},
                           {"y", "3"},
                           {"height", "20"}});
  marks += grid();
  if (row.claim) marks += vertical(violated ? "lim bad" : "lim", *row.claim, 3, 23);
  if (!row.exact) {
    marks += horizontal("ci2", row.anytime_lower.value_or(row.lower), bound_of(row));
    marks += horizontal("ci", row.lower, row.upper);
  }
  marks += row.estimate.failures == 0 ? circle("dot0", 0, "4.2") : circle("dot", rate, "5");
  if (row.unrelated.n > 0)
    marks += tag("svg", {{"x", place(along(row.unrelated.rate()))}, {"class", "at"}},
                 mark("path", {{"class", "ch"}, {"d", "M-5 13L0 8L5 13L0 18Z"}}));
  return marks;
}

const char* question_of(const ReportRow& row) {
  switch (row.axiom) {
    case Axiom::PE:
      return "value, from the input";
    case Axiom::CE:
      return "value, from the step before";
    case Axiom::PR:
      return "answer, from the input";
    case Axiom::II:
      return "another input’s value, put in";
    case Axiom::IA:
      return "another input’s activations";
    case Axiom::UM:
      return "unmapped parts of another input";
    case Axiom::CR:
      break;
  }
  return "answer, from the step before";
}

Html label_of(const ReportRow& row) {
  const std::string where = row.answer_name ? ", where the answer is " + *row.answer_name : "";
  return tag(
      "div", {{"class", "lab"}, {"role", "rowheader"}},
      tag("b", to_string(row.axiom)) + span("d", fmt::format(" {}{}", question_of(row), where)));
}

Html num(const std::string& text) {
  return tag("b", {{"class", "num"}}, text);
}

Html numbers_of(const ReportRow& row) {
  Html lines = tag(
      "span", num(grouped(row.estimate.failures)) + fmt::format(" of {}", grouped(row.estimate.n)) +
                  (row.estimate.failures > 0 ? Html(" = ") + num(share_text(row.estimate.rate()))
                                             : Html()));
  const Html chance = row.unrelated.n > 0
                          ? Html("chance ") + span(row.better_than_chance ? "num" : "num caution",
                                                   share_text(row.unrelated.rate()))
                          : Html();
  const Html bound =
      row.exact ? Html("exactly") : Html("at most ") + num(share_text(bound_of(row), Rounding::Up));
  lines += tag("span", bound + (chance.empty() ? Html() : Html(" · ") + chance));
  if (row.worst && row.worst->estimate.failures > 0 && row.worst->estimate.n < row.estimate.n)
    lines += tag("span",
                 fmt::format("at worst {} for one answer", share_text(row.worst->estimate.rate())));
  if (row.plain)
    lines += tag("span", fmt::format("compared plainly: {}", share_text(row.plain->rate())));
  return tag("div", {{"class", "nums"}, {"role", "cell"}}, lines);
}

Html verdict_of(const ReportRow& row) {
  Html shown;
  if (row.claim) {
    std::string claimed = fmt::format("≤ {:g}%", 100 * *row.claim);
    if (row.decided_at) claimed += fmt::format(", after {}", grouped(row.decided_at->n));
    if (row.more_inputs) claimed += fmt::format(", about {} more", grouped(*row.more_inputs));
    shown = claim_mark(row) + tag("small", claimed);
  }
  return tag("div", {{"class", "ver"}, {"role", "cell"}}, shown);
}

/// A square at 0 where nothing fails on any input, a ring where the row that it equals stands.
Html proved_mark(const Report& report, const ReportRow& row) {
  if (!row.never) return circle("gdot", axioms::evidence_of(report, row).estimate.rate(), "3.6");
  const Html square =
      mark("rect", {{"class", "pf"}, {"x", "-5"}, {"y", "8"}, {"width", "10"}, {"height", "10"}});
  return tag("svg", {{"x", place(along(0))}, {"class", "at"}}, square);
}

Html row_html(const Report& report, size_t index) {
  const ReportRow& row = report.rows[index];
  if (!row.proved.empty())
    return tag("div", {{"class", "row eq"}, {"role", "row"}},
               label_of(row) + track(grid() + proved_mark(report, row)) +
                   tag("div", {{"class", "nums"}, {"role", "cell"}},
                       tag("span", powers_of_ten(proved_text(row)))) +
                   verdict_of(row));
  if (const auto equal = equal_row(report, index))
    return tag("div", {{"class", "row eq"}, {"role", "row"}},
               label_of(row) +
                   track((row.claim ? marks_of(row) : grid()) +
                         circle("gdot", row.estimate.rate(), "3.6")) +
                   tag("div", {{"class", "nums"}, {"role", "cell"}},
                       tag("span", fmt::format("= {} ({})", equal->name, equal->why))) +
                   verdict_of(row));
  return tag("div", {{"class", "row"}, {"role", "row"}},
             label_of(row) + track(marks_of(row)) + numbers_of(row) + verdict_of(row));
}

Html axis(bool at_top, const std::string& inputs) {
  Html ticks;
  if (at_top)
    ticks += tag("text", {{"x", "98%"}, {"y", "11"}, {"text-anchor", "end"}},
                 fmt::format("share of {} that fail", inputs));
  const char* y = at_top ? "27" : "14";
  const auto tick = [&](double rate, const char* text, const char* style) {
    ticks += tag("text",
                 {{"class", style},
                  {"x", place(along(rate))},
                  {"y", y},
                  {"text-anchor", rate == 1 ? "end" : "middle"}},
                 text);
  };
  tick(0, "0", "");
  tick(1e-4, "0.01%", "");
  tick(1e-3, "0.1%", "minor");
  tick(1e-2, "1%", "");
  tick(1e-1, "10%", "minor");
  tick(1, "100%", "");
  const Html drawn = tag("div", {{"class", "trk"}}, tag("svg", ticks));
  if (!at_top) return tag("div", {{"class", "axis"}, {"aria-hidden", "true"}}, drawn);
  return tag("div", {{"class", "head"}, {"aria-hidden", "true"}},
             tag("div", {{"class", "lab"}}, "step and question") + drawn +
                 tag("div", {{"class", "nums"}}, "found, bound, chance level") +
                 tag("div", {{"class", "ver"}}, "verdict"));
}

Html key(const Report& report) {
  const auto entry = [](const Html& marks, const char* width, const char* text) {
    return span(
        "",
        tag("svg", {{"width", width}, {"height", "18"}, {"aria-hidden", "true"}}, marks) + text);
  };
  const auto line = [](const char* style, const char* from, const char* to) {
    return mark("line", {{"class", style}, {"x1", from}, {"x2", to}, {"y1", "9"}, {"y2", "9"}});
  };
  const auto dot = [](const char* style, const char* x, const char* r) {
    return mark("circle", {{"class", style}, {"cx", x}, {"cy", "9"}, {"r", r}});
  };
  const Html limit =
      mark("line", {{"class", "lim"}, {"x1", "20"}, {"x2", "20"}, {"y1", "1"}, {"y2", "17"}});
  Html all = report.exact
                 ? entry(dot("dot", "10", "5"), "20", "rate, exactly")
                 : entry(line("ci2", "1", "25") + line("ci", "4", "19") + dot("dot", "11", "5"),
                         "26", "rate, with its exact interval; thin: the bound that counts");
  all += entry(dot("dot0", "10", "4.2"), "20", "none found");
  all += entry(
      mark("rect", {{"class", "band"}, {"y", "1"}, {"width", "20"}, {"height", "16"}}) + limit,
      "26", "claimed: inside");
  all += entry(mark("path", {{"class", "ch"}, {"d", "M5 9L10 4L15 9L10 14Z"}}), "20",
               "chance: an unrelated input’s value");
  all += entry(dot("gdot", "9", "3.6"), "18", "equal to another row");
  if (std::ranges::any_of(report.rows, &ReportRow::never))
    all += entry(
        mark("rect", {{"class", "pf"}, {"x", "4"}, {"y", "4"}, {"width", "10"}, {"height", "10"}}),
        "18", "proved: never");
  return tag("div", {{"class", "key"}}, all);
}

/// The rows of each step together, interchanges after the four questions; what was asked of two
/// steps at once comes last.
std::vector<size_t> by_step(const Report& report) {
  std::vector<size_t> order(report.rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) {
    const auto found =
        std::ranges::find(report.nodes, report.rows[i].node, &axioms::ReportNode::name);
    return found - report.nodes.begin();
  });
  return order;
}

/// `2 evaluate · equal: all 48 neurons on or off alike`.
Html step_head(const Run& run, const std::string& node) {
  const Report& report = *run.validation;
  const auto found = std::ranges::find(report.nodes, node, &axioms::ReportNode::name);
  if (found == report.nodes.end())  // a pair, `parse+evaluate`
    return tag("bdi", node) + tag("small", " · exchanged together");
  const auto index = static_cast<size_t>(found - report.nodes.begin());
  return Html(fmt::format("{} ", index + 1)) + tag("bdi", node) +
         tag("small", Html(" · equal: ") + equal_if(run, run.report.at("nodes").at(index)));
}

Html table_of(const Run& run) {
  const Report& report = *run.validation;
  Html lines = axis(true, tasks::wording_of(*run.task).inputs);
  const auto add_head = [&](const Html& text) {
    lines += tag("div", {{"class", "gh"}, {"role", "row"}},
                 tag("div", {{"class", "lab"}, {"role", "cell"}}, text));
  };
  std::string node;
  for (const size_t i : by_step(report)) {
    const ReportRow& row = report.rows[i];
    if (row.node != node) add_head(step_head(run, row.node));
    node = row.node;
    lines += row_html(report, i);
  }
  lines += axis(false, "");
  return tag("div",
             {{"class", "rows"},
              {"role", "table"},
              {"aria-label", "All rows: rate, bound, chance level and verdict"}},
             lines);
}

Csv csv_of(const Report& report) {
  Csv csv = {{"node", "axiom", "answer", "n", "failures", "rate", "lower", "upper", "bound",
              "chance", "claim", "verdict", "equals"}};
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const ReportRow& row = report.rows[i];
    const auto equal = equal_row(report, i);
    csv.push_back({row.node, to_string(row.axiom), row.answer_name.value_or(""),
                   fmt::to_string(row.estimate.n), fmt::to_string(row.estimate.failures),
                   fmt::format("{}", row.estimate.rate()), fmt::format("{}", row.lower),
                   fmt::format("{}", row.upper), fmt::format("{}", bound_of(row)),
                   fmt::format("{}", row.unrelated.rate()),
                   row.claim ? fmt::format("{}", *row.claim) : "", row.verdict_text().value_or(""),
                   equal ? equal->name : ""});
  }
  return csv;
}

std::string intro_of(const Report& report) {
  std::string text =
      "Four questions per step. Is the network’s value the one that the explanation computes, from "
      "the input (PE) or from the step before (CE)? And is the answer the same with that value put "
      "in (PR, CR)?";
  const auto whole = static_cast<int64_t>(report.whole_rows());
  const int64_t unknown = count_unknown(report);
  if (unknown < whole)
    text +=
        fmt::format(" Of these {} rows {} {} unknown; the others {}equal one of them.", whole,
                    unknown, unknown == 1 ? "was" : "were", report.proofs ? "are proved or " : "");
  if (std::ranges::any_of(report.rows,
                          [](const ReportRow& row) { return is_interchange(row.axiom); }))
    text +=
        " Further rows exchange something between two inputs: a step’s value (II) or activations "
        "(IA), after which the answer must be the one that the explanation then computes, and what "
        "no step reads (UM), after which it must stay.";
  return text;
}

/// Claims are tested among claims, bounds hold for every row.
bool holds_below_its_bound(const ReportRow& row) {
  return row.claim && outcome_of(row) == Outcome::Holds && !row.never && !row.decided_at &&
         bound_of(row) > *row.claim;
}

std::string caption_of(const Report& report) {
  const std::string sure = fmt::format("{:g}%", 100 * report.confidence);
  std::string text =
      report.exact ? "Every input was checked, so that rates are exact and need no bounds. "
      : report.sequential
          ? fmt::format(
                "“At most” holds wherever one stops ({} for each row, a confidence sequence); "
                "the thick line is the exact {} interval of a number chosen beforehand "
                "(Clopper–Pearson). “After n” is how many inputs decided the claim. ",
                sure, sure)
          : fmt::format(
                "“At most” holds for all rows together ({}, Clopper–Pearson with Bonferroni). ",
                sure);
  if (std::ranges::any_of(report.rows, holds_below_its_bound))
    text +=
        "A claim can hold below its row’s bound: it is tested beside the other claims alone "
        "(Holm), "
        "and the bound beside all rows. ";
  return text +
         "Chance: the same rate with the value of an unrelated input; a row no better than that "
         "is no evidence.";
}

}  // namespace

std::optional<Section> rows_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const Report& report = *run.validation;
  Section section{.title = "All rows", .run = {}};
  section.blocks.push_back(tasks::page::block(
      tag("p", intro_of(report)) + tasks::page::figure("rows", "", key(report) + table_of(run),
                                                       caption_of(report), csv_of(report))));
  return section;
}

}  // namespace assay::tools::page
