#include "tools/report_text.h"

#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/brief.h"
#include "tools/commands.h"
#include "tools/decisions.h"
#include "tools/interchange_text.h"
#include "tools/table.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportNode;
using axioms::ReportRow;
using axioms::Verdict;
using axioms::Witness;

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Holds:
      return Tone::Good;
    case Verdict::Violated:
    case Verdict::Vacuous:
      return Tone::Bad;
    case Verdict::Undecided:
      break;
  }
  return Tone::Caution;
}

std::string axiom_text(const ReportRow& row) {
  const std::string axiom = to_string(row.axiom);
  return row.answer_name ? fmt::format("{}[{}]", axiom, *row.answer_name) : axiom;
}

/// Every row beside what chance alone would give, and on the inputs of the
/// answer where it is worst.
Table chance_table(const Report& report, const tasks::Task& task) {
  const auto percent = [](double share) {
    return share == 0 ? "0" : fmt::format("{:.3g}%", 100 * share);
  };
  Table table({{"node", Align::Left},
               {"axiom", Align::Left},
               {"fails"},
               {"by chance"},
               {"pairs"},
               {"worst answer", Align::Left},
               {"fails"},
               {report.exact ? "of" : "at most"}});
  const std::string* node = nullptr;
  for (const ReportRow& row : report.rows) {
    if (is_interchange(row.axiom)) continue;  // interchange_text.h
    const bool first = !node || *node != row.node;
    if (node && first) table.add_gap();
    node = &row.node;
    if (axioms::left_out(report.proofs, row.node, row.axiom) && !row.answer) {
      std::vector<Cell> cells = {
          {first ? row.node : "", Tone::Bold}, {axiom_text(row)}, {proved_text(row)}};
      cells.back().span = 3;
      cells.resize(8);
      table.add_row(std::move(cells));
      continue;
    }
    std::vector<Cell> cells = {
        {first ? row.node : "", Tone::Bold},
        {axiom_text(row)},
        {percent(row.estimate.rate())},
        {percent(row.unrelated.rate()), row.better_than_chance ? Tone::Plain : Tone::Caution},
        {grouped(row.unrelated.n)}};
    if (row.worst) {
      const bool none = row.worst->estimate.failures == 0;
      cells.push_back({none ? "–" : decision_text(row.worst->answer, task)});
      cells.push_back({percent(row.worst->estimate.rate())});
      cells.push_back({report.exact ? grouped(row.worst->estimate.n) : percent(row.worst->upper)});
    }
    cells.resize(8);
    table.add_row(std::move(cells));
  }
  return table;
}

void print_chance(const Report& report, const tasks::Task& task, const Console& console) {
  console.line();
  console.line(console.paint("Beside chance, and by the network's answer", Tone::Bold) +
               " (by chance: with the value of an unrelated input)");
  console.line(chance_table(report, task).to_string(console.colour()));
}

Table table_of(const Report& report) {
  const int decimals = decimals_for(report.rows);
  const auto rate = [decimals](double value) {
    return value == 0 ? "0" : fmt::format("{:.{}f}", value, decimals);
  };
  std::vector<Heading> columns = {{"node", Align::Left},
                                  {"axiom", Align::Left},
                                  {"failures"},
                                  {report.exact ? "exact" : "rate"}};
  if (!report.exact) {
    columns.push_back({fmt::format("≤ {:g}%", 100 * report.confidence)});
    columns.push_back({report.sequential ? "≤ any n" : "≤ all rows"});
  }
  columns.push_back({"claim"});
  columns.push_back({"verdict", Align::Left});
  if (report.sequential) columns.push_back({"after"});
  Table table(columns);
  const std::string* node = nullptr;
  for (const ReportRow& row : report.rows) {
    const bool first = !node || *node != row.node;
    if (node && first) table.add_gap();
    node = &row.node;
    std::vector<Cell> cells = {{first ? row.node : "", Tone::Bold},
                               {axiom_text(row)},
                               {axioms::left_out(report.proofs, row.node, row.axiom) && !row.answer
                                    ? ""
                                    : grouped(row.estimate.failures)}};
    if (!row.proved.empty()) {  // in place of the rate and its bounds
      cells.push_back({proved_text(row), Tone::Plain, 0, report.exact ? 1U : 3U});
      if (!report.exact) cells.insert(cells.end(), 2, {});
    } else {
      cells.push_back({rate(row.estimate.rate())});
      if (!report.exact) {
        cells.push_back({rate(row.upper)});
        cells.push_back({rate(row.anytime_upper.value_or(row.simultaneous_upper))});
      }
    }
    cells.push_back({row.claim ? fmt::format("≤ {:g}", *row.claim) : ""});
    cells.push_back(
        {row.verdict ? verdict_word(row) : "", row.verdict ? tone_of(*row.verdict) : Tone::Plain});
    if (report.sequential) cells.push_back({row.decided_at ? grouped(row.decided_at->n) : ""});
    table.add_row(std::move(cells));
    if (row.plain) {  // what the same row would be, were its values compared by
                      // what they are
      std::vector<Cell> plain = {{""},
                                 {"= plain", Tone::Faint},
                                 {grouped(row.plain->failures), Tone::Faint},
                                 {rate(row.plain->rate()), Tone::Faint}};
      plain.resize(columns.size());
      table.add_row(std::move(plain));
    }
  }
  return table;
}

int64_t prefix_failures(const ReportNode& node) {
  return node.inherited + node.introduced;
}

void print_nodes(const Report& report, const Console& console) {
  for (const ReportNode& node : report.nodes) {
    std::string text = "no failure of PE";
    if (prefix_failures(node) > 0) {
      text = fmt::format("PE failures: {} inherited from a parent, {} introduced here",
                         grouped(node.inherited), grouped(node.introduced));
    }
    text += fmt::format("; values compared by {}", node.equality);
    console.fact(node.name, text);
    if (node.around.found == interp::Found::Yes)
      console.fact("", fmt::format("not a complete cut, the network can still know by {}",
                                   brief(node.around.path)));
    if (node.around.found == interp::Found::Unknown)
      console.fact("", "whether its sites are a complete cut is not known");
    if (node.grip)
      console.fact("", fmt::format("another input's value, written there, carries {} of {} inputs "
                                   "to that input's answer",
                                   grouped(node.grip->followed), grouped(node.grip->pairs)));
    if (!node.has_evidence) console.fact("", "carries no evidence");
  }
}

/// On which inputs rows fail, by what the task knows of its inputs.
void print_regions(const Report& report, const Console& console) {
  const auto first =
      std::ranges::find_if(report.rows, [](const ReportRow& row) { return row.where.has_value(); });
  if (first == report.rows.end()) return;
  console.line();
  console.line(console.paint("Where it fails", Tone::Bold) +
               fmt::format(" (rules fitted on {} inputs; rates are of the {} others)",
                           grouped(first->where->fitted.n), grouped(first->where->held_out.n)));
  for (const ReportRow& row : report.rows)
    if (row.where) console.fact(row.name(), row.where->sentence);
}

void print_objections(const Report& report, const Console& console) {
  if (report.objections.empty()) return;
  console.line(console.paint("Vacuous: the numbers say nothing, because", Tone::Bad));
  for (const axioms::Objection& objection : report.objections) {
    console.fact(objection.node, fmt::format("{}: {}", objection.kind, objection.reason));
    console.fact("", fmt::format("violates: {}", objection.violates));
  }
  console.line();
}

void print_untested(const Report& report, const Console& console) {
  if (report.untested.empty()) return;
  console.line(console.paint("Could not be tested, so that no claim that rests on it holds:",
                             Tone::Caution));
  for (const axioms::Remark& remark : report.untested) console.fact(remark.node, remark.text);
  console.line();
}

/// What the columns of a sequential run mean, and what would decide the claims
/// that are not.
void print_looks(const Report& report, const Console& console) {
  for (const ReportRow& row : report.rows)
    if (row.by_chance) console.fact(row.name(), "undecided: " + row.because);
  if (!report.sequential) return;
  const std::string meaning = fmt::format(
      "\"≤ {:g}%\" bounds a rate where the number of inputs was chosen beforehand "
      "(Clopper-Pearson), \"≤ any n\" wherever one stops; \"after\" is how many inputs decided the "
      "claim, with an error of {:.2g}% for each and {:g}% for all claims together.",
      100 * report.confidence, 100 * report.sequential->level, 100 * (1 - report.confidence));
  console.line(wrapped(meaning, width_of(stdout), 0));
  console.line();
  for (const ReportRow& row : report.rows)
    if (const std::string text = still_needed(row, report); !text.empty())
      console.fact(row.name(), text);
}

void print_verdict(const Report& report, const Console& console) {
  const bool any =
      std::ranges::any_of(report.rows, [](const ReportRow& row) { return row.claim.has_value(); });
  if (any)
    console.fact(report.facts.plan ? "declared" : "exploratory",
                 report.facts.plan
                     ? fmt::format("before the run, in {} ({})", report.facts.plan->path,
                                   report.facts.plan->sha256.substr(0, 12))
                     : "no plan declared the claims before the run (assay plan)");
  const int code = axioms::exit_code(report);
  const std::string sentence = wrapped(axioms::verdict_sentence(report), width_of(stdout), 0);
  console.line(console.paint(sentence, code == 0   ? Tone::Bold
                                       : code == 1 ? Tone::Bad
                                                   : Tone::Caution));
  for (const axioms::Remark& remark : report.remarks)
    if (!remark.node.empty()) console.fact(remark.node, remark.text);
  console.line();
}

/// `network's | interpretation's`, or the decisions before and after a
/// replacement.
std::string failure_text(const ReportRow& row, const Witness& witness, const tasks::Task& task) {
  if (is_interchange(row.axiom)) {
    std::string text = fmt::format("decision {}, expected {}", decision_text(witness.network, task),
                                   decision_text(witness.interpretation, task));
    for (const std::vector<int64_t>& source : witness.sources)
      text += fmt::format(", from {}", task.to_text(torch::tensor(source, torch::kInt64)));
    return text;
  }
  if (row.axiom != Axiom::PR && row.axiom != Axiom::CR)
    return fmt::format("value {}", difference(witness.network, witness.interpretation));
  return fmt::format("decision {} | {}", decision_text(witness.network, task),
                     decision_text(witness.interpretation, task));
}

/// How one input fails: rows (`parse.PR, parse.CR`) by what is seen there.
using Failures = std::map<std::string, std::string>;

struct FailingInput {
  const Witness* witness = nullptr;
  Failures rows;
};

std::map<int64_t, FailingInput> failing_inputs(const Report& report, const tasks::Task& task) {
  std::map<int64_t, FailingInput> inputs;
  for (const ReportRow& row : report.rows) {
    for (const Witness& witness : row.witnesses) {
      FailingInput& input = inputs[witness.input];
      input.witness = &witness;
      std::string& rows = input.rows[failure_text(row, witness, task)];
      rows += fmt::format("{}{}.{}", rows.empty() ? "" : ", ", row.node, to_string(row.axiom));
    }
  }
  return inputs;
}

void print_witnesses(const Report& report, const tasks::Task& task, const Console& console) {
  const std::map<int64_t, FailingInput> inputs = failing_inputs(report, task);
  if (inputs.empty()) return;
  console.line();
  console.line(console.paint("First failing inputs", Tone::Bold) +
               " (value: network | interpretation, decision: as is | replaced)");
  for (const auto& [index, input] : inputs) {
    console.fact(fmt::format("input {}", index),
                 task.to_text(torch::tensor(input.witness->tokens, torch::kInt64)));
    for (const auto& [seen, rows] : input.rows) {
      console.fact("", fmt::format("{}: {}", rows, seen));
    }
  }
}

}  // namespace

std::string conclusion(const Report& report) {
  std::map<Verdict, std::vector<std::string>> claims;
  for (const ReportRow& row : report.rows)
    if (row.verdict) claims[*row.verdict].push_back(row.name());
  std::vector<std::string> parts;
  for (const Verdict verdict : {Verdict::Violated, Verdict::Vacuous, Verdict::Undecided})
    if (!claims[verdict].empty())
      parts.push_back(fmt::format("{}: {}", to_string(verdict), fmt::join(claims[verdict], ", ")));
  const size_t held = claims[Verdict::Holds].size();
  if (held > 0) parts.push_back(fmt::format("{} {}", held, held == 1 ? "holds" : "hold"));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string proved_text(const ReportRow& row) {
  return row.same_as.empty() ? row.proved : row.proved + " (proved)";
}

std::string verdict_word(const ReportRow& row) {
  const bool proved = row.never && row.verdict == Verdict::Holds;
  return proved ? "proved" : row.verdict_text().value_or("");
}

std::string still_needed(const ReportRow& row, const Report& report) {
  if (!report.sequential || row.verdict != Verdict::Undecided || !row.because.empty()) return {};
  if (row.more_inputs)
    return fmt::format("undecided: about {} more inputs would decide it, at the rate seen",
                       grouped(*row.more_inputs));
  return "undecided: the rate seen is so close to the claimed one that no number of inputs would "
         "probably decide it";
}

int decimals_for(const std::vector<ReportRow>& rows) {
  double smallest = 1;
  for (const ReportRow& row : rows) {
    for (const double value : {row.estimate.rate(), row.upper}) {
      if (value > 0) smallest = std::min(smallest, value);
    }
  }
  return std::clamp(static_cast<int>(std::ceil(-std::log10(smallest))) + 1, 4, 9);
}

void print_subject(const TestedSubject& subject, const tasks::Task& task, const Console& console) {
  const auto file = [](const axioms::Source& source) {
    return fmt::format("{} ({})", source.path, source.sha256.substr(0, 12));
  };
  console.fact("model", file(subject.model));
  console.fact("interpretation", file(subject.interpretation));
  console.fact("", subject.title);
  console.fact("task", describe(task));
  console.fact("inputs", subject.inputs);
}

int exit_code(const Report& report, const Console& console) {
  const int code = report.partial ? kInterrupted : axioms::exit_code(report);
  if (code != kDone && console.quiet())
    console.insist(report.partial ? "interrupted before all inputs were checked"
                                  : conclusion(report));
  return code;
}

void print_report(const Report& report, const tasks::Task& task, const Console& console) {
  if (console.quiet()) return;
  console.line();
  if (report.partial) {
    console.line(
        console.paint(fmt::format("partial: interrupted after {} inputs", grouped(report.inputs)),
                      Tone::Caution));
  }
  console.line(table_of(report).to_string(console.colour()));
  console.line();
  print_looks(report, console);
  print_verdict(report, console);
  print_objections(report, console);
  print_untested(report, console);
  print_nodes(report, console);
  print_regions(report, console);
  print_chance(report, task, console);
  print_interchanges(report, console);
  print_witnesses(report, task, console);
}

}  // namespace assay::tools
