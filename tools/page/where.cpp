// Where it works: the row that fails most by the network's answer, on average beside at worst, and
// the same inputs in guises that mean the same.

#include <fmt/format.h>

#include <algorithm>

#include "axioms/report.h"
#include "interp/statistics/binomial.h"
#include "tasks/capabilities.h"
#include "tasks/page/figure.h"
#include "tasks/wording.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"
#include "tools/validation_under.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportRow;
using tasks::page::Bar;
using tasks::page::Csv;
using tasks::page::Html;
using tasks::page::tag;

constexpr size_t kAnswersShown = 12;
constexpr double kHot = 0.2;  // a rate that stands out in the table of guises

std::string answer_text(const Run& run, int64_t answer) {
  return answer < 0 ? "a tie"
                    : tasks::answer_in_words(*run.task,
                                             run.task->answers().at(static_cast<size_t>(answer)));
}

/// The row that fails on most inputs; null where none does or no answer is told.
const ReportRow* worst_row(const Report& report) {
  const ReportRow* worst = nullptr;
  for (const ReportRow& row : report.rows)
    if (!row.answer && row.answers.size() > 1 && row.estimate.failures > 0 &&
        (!worst || row.estimate.failures > worst->estimate.failures))
      worst = &row;
  return worst;
}

Html by_answer(const Run& run, const ReportRow& row) {
  std::vector<axioms::AnswerCounts> answers = row.answers;
  std::ranges::stable_sort(answers, std::greater(),
                           [](const auto& counts) { return counts.estimate.rate(); });
  answers.resize(std::min(answers.size(), kAnswersShown));
  double longest = 0;
  for (const auto& counts : answers)
    longest = std::max(longest, row.exact ? counts.estimate.rate()
                                          : statistics::upper_bound(counts.estimate, 0.975));
  std::vector<Bar> bars;
  Csv csv = {{"answer", "n", "failures", "lower", "upper"}};
  for (const auto& [answer, estimate, unrelated] : answers) {
    const double low = statistics::lower_bound(estimate, 0.975),
                 high = statistics::upper_bound(estimate, 0.975);
    Bar bar{.label = answer_text(run, answer),
            .value = fmt::format("{} of {}{}", grouped(estimate.failures), grouped(estimate.n),
                                 estimate.failures ? " = " + share_text(estimate.rate()) : ""),
            .length = estimate.rate() / longest};
    if (!row.exact) bar.interval = {low / longest, high / longest};
    bars.push_back(bar);
    csv.push_back({bar.label, fmt::to_string(estimate.n), fmt::to_string(estimate.failures),
                   fmt::format("{}", low), fmt::format("{}", high)});
  }
  std::string caption =
      "Bars: share that fails, of the inputs on which the network gives this answer";
  if (!row.exact) caption += "; line: exact 95% bounds of each";
  if (row.answers.size() > answers.size())
    caption += fmt::format(". The {} worst of {} answers", answers.size(), row.answers.size());
  return tag("h3", fmt::format("{} fails, by the network’s answer", row.name())) +
         tasks::page::figure("where", "", tasks::page::bars(bars), caption + ".", csv);
}

/// What a search found, which says nothing of how often.
Html searched(const Report& report) {
  Html lines;
  for (const axioms::Search& search : report.worst_case->searches)
    lines +=
        tag("li", search.found ? fmt::format("A search found an input on which {}.", search.words)
                               : fmt::format("A search for a failure of {} found none in {}.",
                                             search.of, counted(search.runs, "run")));
  const bool found = std::ranges::any_of(
      report.worst_case->searches, [](const axioms::Search& search) { return !!search.found; });
  return tag("ul", lines) +
         tag("p", {{"class", "small soft"}},
             found ? "The inputs stand below, among what holds for every input."
                   : "What no search found may still be there; only a proof excludes it.");
}

Html average_and_worst(const Run& run, const ReportRow* worst) {
  const Report& report = *run.validation;
  const tasks::Wording& words = tasks::wording_of(*run.task);
  Html average = tag("h3", "On average");
  average +=
      tag("p", worst                ? fmt::format("{} fails most: on {} of {}.", worst->name(),
                                                  grouped(worst->estimate.failures),
                                                  counted(worst->estimate.n, words.input, words.inputs))
               : report.inputs == 1 ? fmt::format("No row failed on the one {}.", words.input)
                                    : fmt::format("No row failed on any of {} {}.",
                                                  grouped(report.inputs), words.inputs));
  const bool drawn = report.scope == axioms::Scope::Distribution;
  average += tag("p", {{"class", "small soft"}},
                 drawn ? fmt::format("Speaks of {} as the task draws them.", words.inputs)
                 : report.inputs == 1 ? fmt::format("Speaks of exactly this {}.", words.input)
                                      : fmt::format("Speaks of exactly these {}.", words.inputs));
  Html at_worst = tag("h3", "At worst");
  if (!drawn && report.exact)
    at_worst += tag("p", "Every one of these was checked: none is worse than what stands here.");
  else if (report.worst_case)
    at_worst += searched(report);
  else
    at_worst += tag("p", fmt::format("A worst case was not searched for: it could be any {}.",
                                     words.input)) +
                tag("p", {{"class", "small soft"}},
                    tag("code", "assay attack") + " searches for one, " +
                        tag("code", "assay prove") + " can show that there is none.");
  const bool found = report.worst_case && std::ranges::any_of(report.worst_case->searches,
                                                              [](const axioms::Search& search) {
                                                                return !!search.found;
                                                              });
  return tag("div", {{"class", "versus"}},
             tag("div", average) + tag("div", {{"class", found ? "worst" : ""}}, at_worst));
}

/// The largest of a node's rates, in one guise.
double largest_rate(const GuiseRecord& guise, const std::string& node) {
  double largest = 0;
  for (const GuiseRow& row : guise.rows)
    if (row.node == node) largest = std::max(largest, row.estimate.rate());
  return largest;
}

Html guises_table(const Run& run, const std::vector<GuiseRecord>& guises) {
  const std::vector<axioms::ReportNode>& nodes = run.validation->nodes;
  const auto cell = [](const char* name, const char* style, const Html& content) {
    return tag(name, {{"class", style}, {"scope", std::string_view(name) == "th" ? "col" : ""}},
               content);
  };
  Html head = cell("th", "", "guise") + cell("th", "r", "network right");
  for (const axioms::ReportNode& node : nodes) head += cell("th", "r", node.name);
  Html lines;
  for (const GuiseRecord& guise : guises) {
    Html line = tag("th", {{"scope", "row"}}, Html(guise.name) + tag("small", guise.help)) +
                cell("td", "r", share_text(1 - guise.wrong.rate()));
    for (const axioms::ReportNode& node : nodes) {
      const double rate = largest_rate(guise, node.name);
      line += cell("td", rate >= kHot ? "r hot" : "r", share_text(rate));
    }
    lines += tag("tr", line);
  }
  return tag("h3",
             fmt::format("The same {} in another guise", tasks::wording_of(*run.task).input)) +
         tag("p", {{"class", "small soft"}},
             "Changed in ways that leave the right answer as it is: how often the network is "
             "right, and of "
             "each step the largest of its four rates. Verdicts speak of the inputs as they were "
             "drawn.") +
         tag("div",
             {{"class", "table"}, {"tabindex", "0"}, {"role", "group"}, {"aria-label", "guises"}},
             tag("table", tag("thead", tag("tr", head)) + tag("tbody", lines)));
}

/// How to get what the record could have and has not.
Html not_asked(const Run& run) {
  Html lines;
  const auto add = [&](const char* what, const char* option) {
    lines += tag("p", {{"class", "small soft"}}, Html(what) + tag("code", option) + " does.");
  };
  if (!run.report.contains("under") && run.task->get<tasks::Transformations>())
    add("The same inputs in guises that mean the same were not tried; ",
        "assay validate --under all");
  if (std::ranges::none_of(run.validation->rows,
                           [](const ReportRow& row) { return row.exchange.has_value(); }))
    add("Nothing was exchanged between inputs; ", "assay validate --interchange --unmapped");
  return lines;
}

}  // namespace

std::optional<Section> where_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const ReportRow* worst = worst_row(*run.validation);
  Html html;
  if (worst) html += by_answer(run, *worst);
  html += average_and_worst(run, worst);
  if (run.report.contains("under"))
    html += guises_table(run, interp::read_checked<std::vector<GuiseRecord>>(run.report["under"]));
  html += not_asked(run);
  Section section{.title = "Where it works", .run = {}};
  section.blocks.push_back(tasks::page::block(html));
  return section;
}

}  // namespace assay::tools::page
