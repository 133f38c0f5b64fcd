#include "tools/report_text.h"

#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "tasks/wording.h"
#include "tools/brief.h"
#include "tools/commands.h"
#include "tools/decisions.h"
#include "tools/interchange_text.h"
#include "tools/plural.h"
#include "tools/row_table.h"
#include "tools/task_options.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportNode;
using axioms::ReportRow;
using axioms::Verdict;
using axioms::Witness;

/// The two ends of a path, which shows where it passes by.
std::string ends_of(const std::vector<std::string>& path) {
  constexpr size_t kEnds = 2;
  if (path.size() <= 2 * kEnds + 1) return fmt::format("{}", fmt::join(path, " -> "));
  return fmt::format("{} -> … -> {}", fmt::join(path.begin(), path.begin() + kEnds, " -> "),
                     fmt::join(path.end() - kEnds, path.end(), " -> "));
}

/// What stands between the numbers and what they seem to say of a node; not once more what makes
/// it untested.
void print_nodes(const Report& report, const Console& console) {
  for (const ReportNode& node : report.nodes) {
    const bool is_told = std::ranges::any_of(report.untested, [&](const axioms::Remark& remark) {
      return remark.node == node.name && remark.text.find("complete cut") != std::string::npos;
    });
    if (node.around.found == interp::Found::Yes && !is_told)
      console.fact(node.name,
                   in_locale(fmt::format("not a complete cut, the network can still know by {}",
                                         ends_of(node.around.path))));
    if (node.around.found == interp::Found::Unknown)
      console.fact(node.name, "whether its sites are a complete cut is not known");
    if (node.inherited > 0)
      console.fact(node.name,
                   fmt::format("PE failures: {} inherited from a parent, {} introduced here",
                               grouped(node.inherited), grouped(node.introduced)));
    if (!node.has_evidence) console.fact(node.name, "carries no evidence");
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
  std::string said;  // of PE; CE of the same inputs says nothing new
  for (const ReportRow& row : report.rows) {
    if (!row.where) continue;
    console.fact(row.name(), row.where->sentence == said ? "likewise" : row.where->sentence);
    said = row.where->sentence;
  }
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

Tone tone_of_report(Outcome outcome) {
  switch (outcome) {
    case Outcome::None:
    case Outcome::Holds:
      return outcome == Outcome::Holds ? Tone::Good : Tone::Bold;
    case Outcome::Violated:
    case Outcome::Vacuous:
      return Tone::Bad;
    case Outcome::Undecided:
    case Outcome::Untested:
      break;
  }
  return Tone::Caution;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// A word in capitals, and a paragraph beside it.
void print_beside(const std::string& word, const std::string& text, Tone tone, size_t indent,
                  const Console& console) {
  const std::string blanks(indent - std::min(indent, columns(word)), ' ');
  console.line(console.paint(word, tone) + blanks +
               in_locale(wrapped(one_line(text), width_of(stdout), indent)));
}

void print_verdict(const VerdictWords& words, const Console& console) {
  const std::string word = upper(words_of(words.outcome).name);
  const size_t indent = std::max<size_t>(columns(word), 5) + 2;
  print_beside(word, sentence_of(words), tone_of_report(words.outcome), indent, console);
  if (!words.but_head.empty())
    print_beside("BUT", words.but.empty() ? words.but_head : words.but, Tone::Caution, indent,
                 console);
}

/// How many inputs, what is known of the rows, and whether the claims came first.
std::string provenance(const Report& report, const tasks::Wording& words) {
  std::string text =
      fmt::format("{}, of {} {} unknown", counted(report.inputs, words.input, words.inputs),
                  counted(static_cast<int64_t>(report.whole_rows()), "row"), count_unknown(report));
  if (report.count_claims() > 0)
    text += report.facts.plan
                ? fmt::format(" · declared before the run, in {} ({})", report.facts.plan->path,
                              report.facts.plan->sha256.substr(0, 12))
                : " · exploratory: no plan declared the claims (assay plan)";
  return text;
}

/// What the figures speak of, and what would decide the claims that are not.
void print_notes(const Report& report, const tasks::Wording& words, const Console& console) {
  const auto line = [&](const std::string& text) {
    console.line(in_locale(wrapped(one_line(text), width_of(stdout), 0)));
  };
  line(provenance(report, words));
  line(axioms::verdict_sentence(report));
  console.line();
  for (const ReportRow& row : report.rows)
    if (row.by_chance) console.fact(row.name(), "undecided: " + row.because);
  for (const ReportRow& row : report.rows)
    if (const std::string text = still_needed(row, report); !text.empty())
      console.fact(row.name(), text);
  for (const axioms::Remark& remark : report.remarks)
    if (!remark.node.empty()) console.fact(remark.node, remark.text);
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
  console.line(console.paint("First failing inputs", Tone::Bold));
  console.line("(value: network | interpretation, decision: as is | replaced)");
  for (const auto& [index, input] : inputs) {
    console.fact(fmt::format("input {}", index),
                 task.to_text(torch::tensor(input.witness->tokens, torch::kInt64)));
    for (const auto& [seen, rows] : input.rows) {
      console.fact("", fmt::format("{}: {}", rows, seen));
    }
  }
}

}  // namespace

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
    return fmt::format("undecided: about {} would decide it, at the rate seen",
                       counted(*row.more_inputs, "more input"));
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
  if (!report.partial) return axioms::exit_code(report);
  if (console.quiet()) console.insist("interrupted before all inputs were checked");
  return kInterrupted;
}

void print_report(const Report& report, const tasks::Task& task, const Console& console) {
  const VerdictWords verdict = verdict_words(report, task);
  if (console.quiet()) {  // the verdict is all that is asked for
    const std::string word = upper(words_of(verdict.outcome).name);
    fmt::print("{}\n",
               in_locale(printable(one_line(fmt::format("{}  {}", word, sentence_of(verdict))))));
    return;
  }
  if (report.partial) {
    console.line(console.paint("partial: interrupted after " + counted(report.inputs, "input"),
                               Tone::Caution));
  }
  print_verdict(verdict, console);
  console.line();
  for (const std::string& line : row_lines(report, task, width_of(stdout), console))
    console.line(line);
  console.line();
  print_notes(report, tasks::wording_of(task), console);
  print_objections(report, console);
  print_untested(report, console);
  print_nodes(report, console);
  print_regions(report, console);
  print_interchanges(report, console);
  print_witnesses(report, task, console);
}

}  // namespace assay::tools
