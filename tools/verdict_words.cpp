#include "tools/verdict_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "interp/numerals.h"
#include "interp/statistics/binomial.h"
#include "interp/statistics/sequential.h"
#include "tasks/wording.h"
#include "tools/plural.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportNode;
using axioms::ReportRow;
using interp::grouped;

const ReportNode* output_of(const Report& report) {
  const auto is_parent = [&](const ReportNode& node) {
    return std::ranges::any_of(report.nodes, [&](const ReportNode& other) {
      return std::ranges::count(other.definition.parents, node.name) > 0;
    });
  };
  const ReportNode* output = nullptr;
  for (const ReportNode& node : report.nodes) {
    if (is_parent(node)) continue;
    if (output) return nullptr;
    output = &node;
  }
  return output;
}

const ReportRow* row_of(const Report& report, const std::string& node, Axiom axiom) {
  const auto found = std::ranges::find_if(report.rows, [&](const ReportRow& row) {
    return row.node == node && row.axiom == axiom && !row.answer;
  });
  return found == report.rows.end() ? nullptr : &*found;
}

/// A share of inputs on which some step is not what the explanation says, at most: the bounds of
/// all steps hold together, so that their sum is one, too (the union bound).
double any_step_fails(const Report& report) {
  const double steps = static_cast<double>(report.nodes.size());
  const double confidence = 1 - (1 - report.confidence) / std::max(1.0, steps);
  double sum = 0;
  for (const ReportNode& node : report.nodes) {
    const ReportRow* own = row_of(report, node.name, Axiom::PE);
    if (!own) return 1;
    const ReportRow* row = &axioms::evidence_of(report, *own);
    if (row->never) continue;
    if (row->exact)
      sum += row->estimate.rate();
    else if (report.scope != axioms::Scope::Distribution)
      return 1;  // part of a list or of a domain bounds nothing
    else
      sum += report.sequential ? statistics::anytime_upper_bound(row->estimate, confidence)
                               : statistics::upper_bound(row->estimate, confidence);
  }
  return std::min(1.0, sum);
}

/// "On at least 96.9% of formulas every step is what it says; the answers never differed."
std::string steps_text(const Report& report, const tasks::Wording& words) {
  const double failing = any_step_fails(report);
  std::string text;
  if (report.inputs == 0) return "Nothing was checked yet.";
  const std::string of =
      report.scope == axioms::Scope::Distribution ? words.inputs
      : report.scope == axioms::Scope::Domain
          ? fmt::format("all {}", counted(report.inputs, words.input, words.inputs))
          : fmt::format("{} {}", report.inputs == 1 ? "this" : "these",
                        counted(report.inputs, words.input, words.inputs));
  if (failing == 0)
    text = fmt::format("On {} every step of the network is what the explanation says", of);
  else if (failing < 0.5)  // "on at least 0.01% every step is right" says nothing
    text =
        fmt::format("On at least {} of {} every step of the network is what the explanation says",
                    share_text(1 - failing, Rounding::Down), of);
  const ReportNode* output = output_of(report);
  const ReportRow* answers = output ? row_of(report, output->name, Axiom::PE) : nullptr;
  if (answers) answers = &axioms::evidence_of(report, *answers);
  if (!answers) return text.empty() ? text : text + ".";
  if (answers->never)
    return fmt::format("{}the two give the same answer on every {}, which is proved.",
                       text.empty() ? "" : text + "; and ", words.input);
  const std::string answered =
      answers->estimate.failures == 0
          ? fmt::format("in {} the two never gave different answers",
                        counted(answers->estimate.n, words.input, words.inputs))
          : fmt::format("the two gave different answers on {} of {}",
                        grouped(answers->estimate.failures),
                        counted(answers->estimate.n, words.input, words.inputs));
  if (text.empty())
    return fmt::format("{}{}.", answered.substr(0, 1) == "i" ? "I" : "T", answered.substr(1));
  return fmt::format("{}; {}{}.", text, answers->estimate.failures == 0 ? "and " : "but ",
                     answered);
}

const ReportRow* first_with(const Report& report, Outcome outcome) {
  const auto found = std::ranges::find_if(
      report.rows, [&](const ReportRow& row) { return outcome_of(row) == outcome; });
  return found == report.rows.end() ? nullptr : &*found;
}

std::string at_least(const ReportRow& row) {
  if (row.exact) return "exactly " + share_text(row.estimate.rate());
  return "at least " + share_text(row.anytime_lower.value_or(row.lower), Rounding::Down);
}

/// "evaluate differs on at least 1.1% of formulas; at most 1% was claimed."
std::string share_sentence(const ReportRow& row, const std::string& share,
                           const tasks::Wording& words) {
  const std::string claimed =
      fmt::format("at most {:g}% was claimed.", 100 * row.claim.value_or(0));
  const std::string inputs = row.answer_name
                                 ? fmt::format("{} answered {}", words.inputs, *row.answer_name)
                                 : words.inputs;
  if (is_interchange(row.axiom))
    return fmt::format("On {} of the pairs of {}, {}; {}", share, inputs, failure_in_words(row),
                       claimed);
  const bool decision = row.axiom == Axiom::PR || row.axiom == Axiom::CR;
  return fmt::format("{} on {} of {}; {}",
                     decision ? fmt::format("Put into the network, the value of {} changes the "
                                            "answer",
                                            row.node)
                              : fmt::format("{} differs", row.node),
                     share, inputs, claimed);
}

std::string violation_text(const Report& report, const tasks::Wording& words) {
  const ReportRow* row = first_with(report, Outcome::Violated);
  return row ? share_sentence(*row, at_least(*row), words) : "";
}

std::string undecided_text(const Report& report, const tasks::Wording& words) {
  const ReportRow* row = first_with(report, Outcome::Undecided);
  if (!row) return "";
  if (row->by_chance) return fmt::format("{}: {}.", row->name(), row->because);
  const std::string text = share_sentence(
      *row,
      fmt::format("between {} and {}",
                  share_text(row->anytime_lower.value_or(row->lower), Rounding::Down),
                  share_text(row->anytime_upper.value_or(row->upper), Rounding::Up)),
      words);
  if (!row->more_inputs) return text;
  return text +
         fmt::format(" If the rate stays, about {} more would decide.", grouped(*row->more_inputs));
}

std::string untested_text(const Report& report) {
  for (const axioms::Remark& remark : report.untested)
    return fmt::format("{}{}.", remark.node.empty() ? "" : remark.node + ": ", remark.text);
  const ReportRow* row = first_with(report, Outcome::Untested);
  return row ? fmt::format("{}: {}.", row->name(), row->because) : "";
}

void say_outcome(VerdictWords& verdict, const Report& report, const tasks::Wording& words) {
  switch (verdict.outcome) {
    case Outcome::None:
      verdict.head = "No claim was made.";
      verdict.say = steps_text(report, words);
      return;
    case Outcome::Holds:
      verdict.head = "The explanation holds.";
      verdict.say = steps_text(report, words);
      return;
    case Outcome::Violated:
      verdict.head = "The explanation does not hold.";
      verdict.say = violation_text(report, words);
      return;
    case Outcome::Undecided:
      verdict.head =
          fmt::format("Not decided after {}.", counted(report.inputs, words.input, words.inputs));
      verdict.say = undecided_text(report, words);
      return;
    case Outcome::Untested:
      verdict.head = "It could not be tested.";
      verdict.say = untested_text(report);
      return;
    case Outcome::Vacuous:
      verdict.head = "The numbers say nothing.";
      for (const axioms::Objection& objection : report.objections) {
        verdict.say = fmt::format("{}: {}.", objection.node, objection.reason);
        break;
      }
      return;
  }
}

/// A claim that holds and asks for no more than what unrelated values show as well.
const ReportRow* loosest_claim(const Report& report) {
  for (const ReportRow& row : report.rows) {
    const statistics::Estimate& unrelated = axioms::evidence_of(report, row).unrelated;
    if (outcome_of(row) == Outcome::Holds && !row.never && unrelated.n > 0 &&
        *row.claim >= unrelated.rate())
      return &row;
  }
  return nullptr;
}

/// An input as text may end in the mark that asks for the answer, ` :`, which no sentence needs.
std::string without_mark(std::string input) {
  if (input.ends_with(" :")) input.resize(input.size() - 2);
  return input;
}

/// The row that failed most often; nullptr: none failed.
const ReportRow* worst_row(const Report& report) {
  const ReportRow* worst = nullptr;
  for (const ReportRow& row : report.rows)
    if (!row.answer && !is_interchange(row.axiom) && row.estimate.failures > 0 &&
        (!worst || row.estimate.failures > worst->estimate.failures))
      worst = &row;
  return worst;
}

/// What the reader must not overlook beside the sentence, the weightiest first.
void say_but(VerdictWords& verdict, const Report& report, const tasks::Wording& words) {
  if (report.partial) {
    verdict.but_head = "But the run was interrupted.";
    verdict.but = fmt::format("Fewer {} were checked than were asked for.", words.inputs);
    return;
  }
  if (report.worst_case)
    for (const axioms::Search& search : report.worst_case->searches)
      if (search.found) {
        verdict.but_head = fmt::format("But a search found a failing {}.", words.input);
        verdict.but = fmt::format("A search found one on which {}: {}.", search.words,
                                  without_mark(*search.found));
        return;
      }
  if (verdict.outcome == Outcome::Violated) return;  // the sentence itself is the exception
  const ReportRow* worst = worst_row(report);
  const std::string exception =
      worst ? fmt::format("On {} of {}, {}.", grouped(worst->estimate.failures),
                          grouped(worst->estimate.n), failure_in_words(*worst))
            : "";
  if (const ReportRow* loose = loosest_claim(report)) {
    verdict.but_head = "But a claim asks for little.";
    verdict.but = fmt::format("At most {:g}% was claimed of {}, which fails on {} even {}.{}{}",
                              100 * *loose->claim, loose->name(),
                              share_text(axioms::evidence_of(report, *loose).unrelated.rate()),
                              axioms::chance_in_words(loose->axiom), worst ? " " : "", exception);
  } else if (worst) {
    verdict.but_head = fmt::format("But not on every {}.", words.input);
    verdict.but = exception;
  } else if (report.scope == axioms::Scope::List) {
    verdict.but_head = fmt::format("But only on these {}.", words.inputs);
    verdict.but = "They are not said to be independent draws, so nothing is said of others.";
  }
}

}  // namespace

const OutcomeWords& words_of(Outcome outcome) {
  static constexpr OutcomeWords kWords[] = {
      {"no claim", "–", "-"},  {"holds", "✓", "+"},
      {"undecided", "?", "?"}, {"could not be tested", "–", "-"},
      {"vacuous", "∅", "0"},   {"violated", "✗", "x"}};
  return kWords[static_cast<size_t>(outcome)];
}

Outcome outcome_of(const ReportRow& row) {
  if (!row.claim || !row.verdict) return Outcome::None;
  switch (*row.verdict) {
    case axioms::Verdict::Holds:
      return Outcome::Holds;
    case axioms::Verdict::Violated:
      return Outcome::Violated;
    case axioms::Verdict::Vacuous:
      return Outcome::Vacuous;
    case axioms::Verdict::Undecided:
      break;
  }
  return row.because.empty() || row.by_chance ? Outcome::Undecided : Outcome::Untested;
}

Outcome outcome_of(const Report& report) {
  Outcome worst = report.objections.empty() ? Outcome::None : Outcome::Vacuous;
  for (const ReportRow& row : report.rows) worst = std::max(worst, outcome_of(row));
  return worst;
}

VerdictWords verdict_words(const Report& report, const tasks::Task& task) {
  const tasks::Wording& words = tasks::wording_of(task);
  VerdictWords verdict;
  verdict.outcome = outcome_of(report);
  if (report.is_shard()) {
    verdict.outcome = Outcome::None;
    verdict.head = axioms::verdict_sentence(report);
    return verdict;
  }
  say_outcome(verdict, report, words);
  say_but(verdict, report, words);
  const auto holding = std::ranges::count_if(
      report.rows, [](const ReportRow& row) { return outcome_of(row) == Outcome::Holds; });
  const int64_t claims = report.count_claims();
  verdict.count =
      claims == 0
          ? "no claim was made"
          : fmt::format("{} of {} {}{}", holding, claims, claims == 1 ? "claim" : "claims",
                        report.exact ? ", exactly"
                                     : fmt::format(", {}at {:g}%", claims == 1 ? "" : "together ",
                                                   100 * report.confidence));
  return verdict;
}

std::optional<EqualRow> equal_row(const Report& report, size_t index) {
  const ReportRow& row = report.rows.at(index);
  const auto node = std::ranges::find(report.nodes, row.node, &ReportNode::name);
  if (row.answer || node == report.nodes.end() || !row.proved.empty()) return std::nullopt;
  const axioms::Definition& definition = node->definition;
  const auto equals = [&](Axiom axiom, const char* why) -> std::optional<EqualRow> {
    const ReportRow* other = row_of(report, row.node, axiom);
    if (!other || other->estimate.failures != row.estimate.failures ||
        other->estimate.n != row.estimate.n)
      return std::nullopt;
    return EqualRow{other->name(), why};
  };
  const bool first = !definition.parents.empty() &&
                     std::ranges::all_of(definition.parents, [](const std::string& parent) {
                       return parent == circuits::kTokens;
                     });
  if (first && row.axiom == Axiom::CE) return equals(Axiom::PE, "first step");
  if (first && row.axiom == Axiom::CR) return equals(Axiom::PR, "first step");
  const bool answers = definition.gamma.operation == "write_answer" &&
                       definition.alpha.operation == "argmax_of" && node->equality == "equal";
  if (answers && row.axiom == Axiom::PR) return equals(Axiom::PE, "it is the answer");
  if (answers && row.axiom == Axiom::CR) return equals(Axiom::CE, "it is the answer");
  return std::nullopt;
}

int64_t count_unknown(const Report& report) {
  int64_t unknown = 0;
  for (size_t i = 0; i < report.whole_rows(); ++i)
    unknown += report.rows[i].proved.empty() && !equal_row(report, i);
  return unknown;
}

double bound_of(const ReportRow& row) {
  if (row.exact) return row.estimate.rate();
  return row.anytime_upper.value_or(row.simultaneous_upper);
}

std::string failure_in_words(const ReportRow& row) {
  switch (row.axiom) {
    case Axiom::II:
      return fmt::format(
          "with the value of {} on another input put in, the answer is not the one "
          "that follows from it",
          row.node);
    case Axiom::IA:
      return fmt::format(
          "with the activations of {} on another input put in, the answer is not "
          "the one that follows from them",
          row.node);
    case Axiom::UM:
      return fmt::format(
          "what is not read of {} changes the answer when it comes from another "
          "input",
          row.node);
    default:
      break;
  }
  const bool decision = row.axiom == Axiom::PR || row.axiom == Axiom::CR;
  const char* from =
      row.axiom == Axiom::PE || row.axiom == Axiom::PR ? "from the input" : "from the step before";
  return decision
             ? fmt::format("the value of {} computed {} changes the answer when it is put in",
                           row.node, from)
             : fmt::format("the network’s value of {} is not the one computed {}", row.node, from);
}

std::string share_text(double share, Rounding rounding) {
  if (share <= 0 || std::isnan(share)) return "0";
  const double percent = 100 * share;
  if (percent >= 100) return "100%";
  const int digits = percent >= 1 ? 3 : 2;
  const int decimals = std::max(0, digits - 1 - static_cast<int>(std::floor(std::log10(percent))));
  const double unit = std::pow(10, -decimals), steps = percent / unit;
  constexpr double kSlack = 1e-9;  // of a product that only rounding has moved
  const double rounded = rounding == Rounding::Up     ? std::ceil(steps - kSlack)
                         : rounding == Rounding::Down ? std::floor(steps + kSlack)
                                                      : std::round(steps);
  if (rounded * unit >= 100 && rounding == Rounding::Nearest)
    return share_text(share, Rounding::Down);
  std::string text = fmt::format("{:.{}f}", rounded * unit, decimals);
  if (text.find('.') != text.npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text + "%";
}

std::string sentence_of(const VerdictWords& words) {
  if (words.count.empty()) return words.head;
  return words.outcome == Outcome::None ? words.say : fmt::format("{}. {}", words.count, words.say);
}

}  // namespace assay::tools
