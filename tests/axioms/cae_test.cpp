// The systems of Causal Abstraction Evaluation: what Assay says of each beside what is known of
// them, as the table of docs/cae.md.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "axioms/interchange.h"
#include "axioms/report.h"
#include "tests/axioms/cae_systems.h"

namespace assay::axioms {
namespace cae_test {

using at::Tensor;
using cae::Condition;
using circuits::Interpretation;

constexpr double kClaimed = 0.05;  // failures at most, of every row

/// What a report needs to know of a program beside its steps.
Interpretation named(const Condition& condition) {
  Interpretation interpretation;
  interpretation.title = condition.system;
  for (const circuits::Step& step : condition.program.steps) {
    circuits::Node& node = interpretation.nodes.emplace_back();
    node.name = step.name;
    node.sites = step.sites;
    node.reads = step.reads;
  }
  interpretation.output = "answer";
  return interpretation;
}

Report report_of(const Condition& condition) {
  const Tensor inputs = condition.inputs();
  const Experiment experiment{*condition.network, condition.program, {.readout = 0, .answers = {}}};
  Experiment asked = experiment;
  const int64_t answers = condition.network->places().all.back().axes.back().second;
  for (int64_t i = 0; i < answers; ++i) asked.decision.answers.push_back(i);
  const Interchange all = among(inputs, 1, /*unmapped=*/true);
  const CheckResult result =
      check(asked, [&](int64_t first, int64_t count) { return inputs.narrow(0, first, count); },
            {.inputs = inputs.size(0), .interchange = &all});
  std::vector<Claim> claims;
  const Report rows = make_report(named(condition), result, {}, 0.95, *condition.network, 0);
  for (const ReportRow& row : rows.rows) claims.push_back({row.node, row.axiom, kClaimed});
  return make_report(named(condition), result, claims, 0.95, *condition.network, 0, Scope::Domain);
}

/// The largest rate of some rows, in percent; a dash where there are none.
std::string worst(const Report& report, const std::vector<Axiom>& axioms) {
  double rate = -1;
  for (const ReportRow& row : report.rows)
    if (std::ranges::count(axioms, row.axiom) > 0) rate = std::max(rate, row.estimate.rate());
  return rate < 0 ? "–" : fmt::format("{:.1f}", 100 * rate);
}

struct Outcome {
  bool accepted = true;
  std::string reasons;
};

Outcome outcome_of(const Report& report) {
  Outcome outcome;
  for (const ReportRow& row : report.rows) {
    if (row.verdict == Verdict::Holds) continue;
    outcome.accepted = false;
    outcome.reasons += (outcome.reasons.empty() ? "" : ", ") + row.name();
  }
  return outcome;
}

std::string line_of(const Condition& condition, const Report& report) {
  const Outcome outcome = outcome_of(report);
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", condition.system,
                     condition.name, condition.valid ? "valid" : "not",
                     worst(report, {Axiom::PE, Axiom::CE, Axiom::PR, Axiom::CR}),
                     worst(report, {Axiom::II}), worst(report, {Axiom::IA}),
                     worst(report, {Axiom::UM}), outcome.accepted ? "accepted" : "rejected");
}

// Where this fails, the lines that it prints belong into the documentation.
TEST(CausalAbstractionEvaluation, SystemsAreJudgedAsDocumented) {
  std::string table;
  for (const Condition& condition : cae::all_conditions()) {
    const Report report = report_of(condition);
    table += line_of(condition, report);
    const Outcome outcome = outcome_of(report);
    EXPECT_EQ(outcome.accepted, condition.valid)
        << condition.system << ", " << condition.name << ": " << outcome.reasons;
  }
  std::ostringstream text;
  text << std::ifstream(ASSAY_SOURCE "/docs/cae.md").rdbuf();
  EXPECT_THAT(text.str(), testing::HasSubstr(table));
}

// Without the unmapped variables nothing is wrong with the backup pathway: both of its wires carry
// the same value, so that it only acts when they are perturbed apart.
TEST(CausalAbstractionEvaluation, OnlyUnmappedVariablesShowTheBackupPathway) {
  for (const Condition& condition : cae::controlled()) {
    if (condition.name != "XOR backup") continue;
    const Report report = report_of(condition);
    for (const ReportRow& row : report.rows)
      EXPECT_EQ(row.estimate.failures > 0, row.axiom == Axiom::UM) << row.name();
  }
}

}  // namespace cae_test
}  // namespace assay::axioms
