// What follows from the counts of a report: bounds, verdicts, and why they are withheld.

#include <fmt/format.h>

#include <algorithm>

#include "axioms/report.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/sequential.h"

namespace assay::axioms {
namespace {

void take_counts_of_answers(Report& report) {
  for (size_t i = report.whole_rows(); i < report.rows.size(); ++i) {
    ReportRow& row = report.rows[i];
    if (!row.answer) continue;
    const auto of = std::ranges::find_if(report.rows, [&](const ReportRow& other) {
      return other.node == row.node && other.axiom == row.axiom;
    });
    const auto counts = std::ranges::find(of->answers, *row.answer, &AnswerCounts::answer);
    const bool any = counts != of->answers.end();
    row.estimate = any ? counts->estimate : statistics::Estimate();
    row.unrelated = any ? counts->unrelated : statistics::Estimate();
    if (of->exchange) row.exchange = Exchange{.drawn = of->drawn()};
  }
}

// With a bound that holds for whichever answer it is.
std::optional<WorstAnswer> worst_answer(const ReportRow& row, const Report& report) {
  if (row.answers.size() < 2) return std::nullopt;
  const double confidence = statistics::bonferroni(report.confidence, std::ssize(row.answers));
  std::optional<WorstAnswer> worst;
  for (const auto& [answer, estimate, unrelated] : row.answers) {
    double upper = report.exact ? estimate.rate() : 1;
    if (report.scope == Scope::Distribution)
      upper = report.sequential ? statistics::anytime_upper_bound(estimate, confidence)
                                : statistics::upper_bound(estimate, confidence);
    if (!worst ||
        std::pair(estimate.rate(), upper) > std::pair(worst->estimate.rate(), worst->upper))
      worst = {answer, estimate, upper};
  }
  return worst;
}

// Independent draws bound their rate. Of what is gone through in order, all inputs tell the rate
// itself, and a part of them tells nothing of the others.
void conclude(ReportRow& row, const Report& report) {
  row.exact = report.exact && !row.drawn();
  row.confidence = report.confidence;
  if (report.scope == Scope::Distribution || (report.exact && row.drawn())) {
    const double simultaneous = statistics::bonferroni(report.confidence, std::ssize(report.rows));
    row.lower = statistics::lower_bound(row.estimate, report.confidence);
    row.upper = statistics::upper_bound(row.estimate, report.confidence);
    row.simultaneous_upper = statistics::upper_bound(row.estimate, simultaneous);
  } else {
    const double rate = row.estimate.rate();
    row.lower = report.exact ? rate : 0;
    row.upper = row.simultaneous_upper = report.exact ? rate : 1;
  }
  row.anytime_lower = row.anytime_upper = std::nullopt;
  if (report.sequential) {
    row.anytime_lower = statistics::anytime_lower_bound(row.estimate, report.confidence);
    row.anytime_upper = statistics::anytime_upper_bound(row.estimate, report.confidence);
  }
  row.better_than_chance = beats_chance(row.anytime_upper.value_or(row.upper), row.unrelated,
                                        report.confidence, report.sequential.has_value());
  row.worst = worst_answer(row, report);
}

// What looking again and again has decided, and how far the rest is from it.
void add_sequential_verdicts(Report& report) {
  Sequential& sequential = *report.sequential;
  sequential.stopped = !report.partial && !report.is_shard() && report.inputs < sequential.limit;
  sequential.level = level_of_each(std::max<int64_t>(1, report.count_claims()), report.confidence);
  for (ReportRow& row : report.rows) {
    row.verdict = {};
    row.because = {};
    row.by_chance = false;
    row.more_inputs = {};
    if (!row.claim || report.is_shard()) continue;
    row.verdict = Verdict::Undecided;
    if (row.decided_at)
      row.verdict = decided(row.as_claim(), *row.decided_at, sequential.level);
    else if (const auto needed =
                 statistics::inputs_until_decided(row.estimate, *row.claim, sequential.level))
      row.more_inputs = *needed - row.estimate.n;
  }
}

// Claims on rates that are exact, or on those that are bounded.
void judge_rows(Report& report, bool exact) {
  std::vector<ReportRow*> claimed;
  std::vector<Claim> claims;
  std::vector<statistics::Estimate> estimates;
  for (ReportRow& row : report.rows) {
    if (!row.claim || row.exact != exact) continue;
    claimed.push_back(&row);
    claims.push_back(row.as_claim());
    estimates.push_back(row.estimate);
  }
  std::vector<Verdict> verdicts = judge(claims, estimates, report.confidence, exact);
  // Of a list or a domain, a part says nothing of the rest.
  if (report.scope != Scope::Distribution && report.partial)
    std::ranges::fill(verdicts, Verdict::Undecided);
  for (size_t i = 0; i < claims.size(); ++i) claimed[i]->verdict = verdicts[i];
}

void add_verdicts(Report& report) {
  for (ReportRow& row : report.rows) {
    row.verdict = {};
    row.because = {};
    row.by_chance = false;
  }
  if (report.is_shard()) return;
  for (const bool exact : {false, true}) judge_rows(report, exact);
}

std::string chance_text(const ReportRow& row) {
  const auto percent = [](const statistics::Estimate& estimate) { return 100 * estimate.rate(); };
  if (row.unrelated.n == 0)
    return "there are no pairs of inputs to show what it would be by chance";
  const std::string rates =
      is_interchange(row.axiom)
          ? fmt::format("it fails on {:.3g}% of {} pairs, and {} on {:.3g}%", percent(row.estimate),
                        row.estimate.n, chance_in_words(row.axiom), percent(row.unrelated))
          : fmt::format("it fails on {:.3g}% of the inputs, and {} on {:.3g}% (of {} pairs)",
                        percent(row.estimate), chance_in_words(row.axiom), percent(row.unrelated),
                        row.unrelated.n);
  return row.estimate.rate() < row.unrelated.rate() ? rates + ": too few to tell it from chance"
                                                    : rates + ": no better than chance";
}

// A row on two nodes, `parse+evaluate`, rests on what either rests on.
bool concerns(const ReportRow& row, const std::string& node) {
  return row.node == node || (is_interchange(row.axiom) &&
                              (row.node.starts_with(node + "+") || row.node.ends_with("+" + node)));
}

// What keeps a claim that holds by its numbers from holding.
void withhold(Report& report) {
  for (ReportRow& row : report.rows) {
    if (row.verdict != Verdict::Holds) continue;
    if (!report.objections.empty()) {
      row.verdict = Verdict::Vacuous;
      continue;
    }
    for (const Remark& remark : report.untested) {
      if (!remark.node.empty() && !concerns(row, remark.node)) continue;
      row.verdict = Verdict::Undecided;
      row.because = remark.text;
      break;
    }
    if (row.verdict != Verdict::Holds || row.better_than_chance) continue;
    row.verdict = Verdict::Undecided;
    row.because = chance_text(row);
    row.by_chance = true;
  }
}

}  // namespace

std::string chance_in_words(Axiom axiom) {
  if (axiom == Axiom::UM) return "with what alpha reads resampled instead";
  return is_interchange(axiom) ? "without the exchange" : "with the value of an unrelated input";
}

bool beats_chance(double upper, const statistics::Estimate& unrelated, double confidence,
                  bool anytime) {
  return upper < (anytime ? statistics::anytime_lower_bound(unrelated, confidence)
                          : statistics::lower_bound(unrelated, confidence));
}

void conclude(Report& report) {
  report.exact = report.scope != Scope::Distribution && !report.partial && !report.is_shard();
  take_counts_of_answers(report);
  for (ReportRow& row : report.rows) conclude(row, report);
  for (size_t v = 0; v < report.nodes.size(); ++v) {
    const ReportRow& pe = report.rows[v * std::size(kAxioms)];  // the first of the node's rows
    report.nodes[v].introduced = pe.estimate.failures - report.nodes[v].inherited;
  }
  if (report.sequential)
    add_sequential_verdicts(report);
  else
    add_verdicts(report);
  withhold(report);
}

void look(Report& report) {
  if (!report.sequential || report.is_shard()) return;
  for (ReportRow& row : report.rows)
    if (row.claim && !row.decided_at &&
        decided(row.as_claim(), row.estimate, report.sequential->level))
      row.decided_at = row.estimate;
  conclude(report);
}

}  // namespace assay::axioms
