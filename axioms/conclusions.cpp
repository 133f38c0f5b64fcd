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
    const ReportRow& evidence = evidence_of(report, *of);
    const auto counts = std::ranges::find(evidence.answers, *row.answer, &AnswerCounts::answer);
    const bool any = counts != evidence.answers.end();
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

// How many rates are unknown, so that bounds must hold for all of them together.
int64_t unknowns(const Report& report) {
  return std::ranges::count_if(report.rows, [](const ReportRow& row) {
    return !row.never && (row.answer || row.same_as.empty());
  });
}

// Independent draws bound their rate. Of what is gone through in order, all inputs tell the rate
// itself, and a part of them tells nothing of the others. What is proved needs no bound, and a row
// that is proved to be equal to another one has its bounds.
void conclude(ReportRow& row, const Report& report) {
  const ReportRow& evidence = evidence_of(report, row);
  const statistics::Estimate& estimate = evidence.estimate;
  row.exact = report.exact && !row.drawn();
  row.confidence = report.confidence;
  if (report.scope == Scope::Distribution || (report.exact && row.drawn())) {
    const double simultaneous =
        statistics::bonferroni(report.confidence, std::max<int64_t>(1, unknowns(report)));
    row.lower = statistics::lower_bound(estimate, report.confidence);
    row.upper = statistics::upper_bound(estimate, report.confidence);
    row.simultaneous_upper = statistics::upper_bound(estimate, simultaneous);
  } else {
    const double rate = estimate.rate();
    row.lower = report.exact ? rate : 0;
    row.upper = row.simultaneous_upper = report.exact ? rate : 1;
  }
  row.anytime_lower = row.anytime_upper = std::nullopt;
  if (report.sequential) {
    row.anytime_lower = statistics::anytime_lower_bound(estimate, report.confidence);
    row.anytime_upper = statistics::anytime_upper_bound(estimate, report.confidence);
  }
  if (row.never) {
    row.upper = row.simultaneous_upper = 0;
    if (row.anytime_upper) row.anytime_upper = 0;
  }
  row.better_than_chance = beats_chance(row.anytime_upper.value_or(row.upper), evidence.unrelated,
                                        report.confidence, report.sequential.has_value());
  row.worst = worst_answer(row, report);
  if (row.where) {
    const int64_t trees =
        report.sequential ? std::max<int64_t>(1, Division{}.fitted_blocks(report.sequential->limit))
                          : 1;
    conclude(*row.where, report.confidence, static_cast<int64_t>(report.whole_rows()) * trees,
             report.sequential.has_value());
  }
}

// What looking again and again has decided, and how far the rest is from it.
void add_sequential_verdicts(Report& report) {
  Sequential& sequential = *report.sequential;
  sequential.stopped = !report.partial && !report.is_shard() && report.inputs < sequential.limit;
  sequential.level =
      level_of_each(std::max<int64_t>(1, report.count_unproved_claims()), report.confidence);
  for (ReportRow& row : report.rows) {
    row.verdict = {};
    row.because = {};
    row.by_chance = false;
    row.more_inputs = {};
    if (!row.claim || report.is_shard()) continue;
    row.verdict = Verdict::Undecided;
    const statistics::Estimate& estimate = evidence_of(report, row).estimate;
    if (row.never)
      row.verdict = Verdict::Holds;
    else if (row.decided_at)
      row.verdict = decided(row.as_claim(), *row.decided_at, sequential.level);
    else if (const auto needed =
                 statistics::inputs_until_decided(estimate, *row.claim, sequential.level))
      row.more_inputs = *needed - estimate.n;
  }
}

// Claims on rates that are exact, or on those that are bounded.
void judge_rows(Report& report, bool exact) {
  std::vector<ReportRow*> claimed;
  std::vector<Claim> claims;
  std::vector<statistics::Estimate> estimates;
  for (ReportRow& row : report.rows) {
    if (!row.claim || row.never || row.exact != exact) continue;
    claimed.push_back(&row);
    claims.push_back(row.as_claim());
    estimates.push_back(evidence_of(report, row).estimate);
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
    if (row.claim && row.never && !report.is_shard()) row.verdict = Verdict::Holds;
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
    row.because = chance_text(evidence_of(report, row));
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
  apply_proofs(report);
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

void find_failing_regions(Report& report) {
  const Part& part = *report.part;
  const Division division{.drawn = report.scope == Scope::Distribution};
  for (size_t i = 0; i < report.whole_rows() && !part.features.empty(); ++i)
    if (report.rows[i].estimate.failures > 0)
      report.rows[i].where =
          failing_regions(part.by_features, part.features, static_cast<int64_t>(i), division);
}

void look(Report& report) {
  if (!report.sequential || report.is_shard()) return;
  for (ReportRow& row : report.rows)
    if (row.claim && !row.decided_at && !row.never) {
      const statistics::Estimate& estimate = evidence_of(report, row).estimate;
      if (decided(row.as_claim(), estimate, report.sequential->level)) row.decided_at = estimate;
    }
  conclude(report);
}

}  // namespace assay::axioms
