// What a proof says of rows: bounds, verdicts and looks rest on what is unknown alone, and counts
// that contradict a proof are no rate.

#include "axioms/proved.h"

#include <gmock/gmock.h>

#include "axioms/looks.h"
#include "axioms/merge.h"
#include "axioms/report.h"
#include "interp/statistics/p_values.h"
#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace proved_test {

using interp::message_of;
using statistics::Estimate;
using testing::HasSubstr;

constexpr int64_t kInputs = 1000;

Proofs proofs() {
  return {.domain = "sampled",
          .words = "all there are",
          .inputs = "1.05e16",
          .rows = {{{"read.PE", "read.CE"}, true, 3.1208, "read node = program"},
                   {{"run.PR", "run.CR", "out.PE", "out.PR"}, false, {}, "run suffix"},
                   {{"out.CE", "out.CR"}, false, {}, "gamma writes the decision"},
                   {{"run.PE", "run.CE"}, false, {}, "its parents are read right"}}};
}

/// Rows that are left out have no counts; all others fail on `failures` inputs, unless proved not
/// to.
Report report(int64_t failures = 10) {
  Report report;
  report.title = "three steps";
  report.inputs = kInputs;
  report.proofs = proofs();
  for (const char* name : {"read", "run", "out"}) {
    ReportNode node;
    node.name = name;
    report.nodes.push_back(std::move(node));
    for (const Axiom axiom : kAxioms) {
      ReportRow row{.node = name, .axiom = axiom, .estimate = {}, .witnesses = {}};
      if (!left_out(report.proofs, name, axiom)) {
        const ProvedRows* proved = report.proofs->of(row.name());
        row.estimate = {kInputs, proved && proved->never ? 0 : failures};
        row.unrelated = {kInputs / 4, kInputs / 5};
      }
      report.rows.push_back(std::move(row));
    }
  }
  return report;
}

ReportRow& row_of(Report& report, const std::string& name) {
  return *std::ranges::find_if(report.rows,
                               [&](const ReportRow& row) { return row.name() == name; });
}

TEST(Proved, RowsAreLeftOutWhereAnotherOneTellsThem) {
  const std::optional<Proofs> all = proofs();
  for (const char* node : {"run", "out"})
    for (const Axiom axiom : kAxioms)
      EXPECT_EQ(left_out(all, node, axiom), axiom == Axiom::PR || axiom == Axiom::CR);
  for (const Axiom axiom : kAxioms) {
    EXPECT_FALSE(left_out(all, "read", axiom));
    EXPECT_FALSE(left_out(std::nullopt, "run", axiom));
  }
  Proofs half = proofs();  // run.CR is an unknown: its runs are made, and those of PR with them
  std::erase(half.rows[1].rows, "run.CR");
  EXPECT_FALSE(left_out(half, "run", Axiom::PR));
}

TEST(Proved, BoundsCountUnknownsOnly) {
  Report proved = report();
  conclude(proved);
  // read.PR, read.CR, run.PE, out.PE, out.CE
  EXPECT_EQ(proved.unknown_rows(), 5);
  const double together = statistics::bonferroni(0.95, 5);
  const Estimate some{kInputs, 10};
  for (const char* name : {"read.PR", "run.PE", "run.CE", "run.PR", "out.PE", "out.CR"}) {
    EXPECT_EQ(row_of(proved, name).upper, statistics::upper_bound(some, 0.95)) << name;
    EXPECT_EQ(row_of(proved, name).simultaneous_upper, statistics::upper_bound(some, together));
  }
  const ReportRow& never = row_of(proved, "read.PE");
  EXPECT_EQ(never.upper, 0);
  EXPECT_EQ(never.simultaneous_upper, 0);
  EXPECT_EQ(never.proved, "0 for all 1.05e16, margin 3.12");  // rounded down
  EXPECT_EQ(row_of(proved, "run.PR").proved, "= out.PE");
  EXPECT_EQ(row_of(proved, "out.PE").proved, "");
  proved.proofs.reset();
  row_of(proved, "run.PR").estimate = some;
  conclude(proved);
  EXPECT_EQ(proved.unknown_rows(), 12);
  EXPECT_EQ(row_of(proved, "out.PE").simultaneous_upper,
            statistics::upper_bound(some, statistics::bonferroni(0.95, 12)));
}

TEST(Proved, ClaimsAreDecidedByTheProofOrByTheRowThatCarriesTheEvidence) {
  for (const bool sequential : {false, true}) {
    Report proved = report();
    if (sequential) proved.sequential = {.limit = kInputs};
    row_of(proved, "read.PE").claim = 0;
    row_of(proved, "run.PR").claim = 0.1;
    row_of(proved, "out.CR").claim = 0.0001;
    conclude(proved);
    look(proved);
    EXPECT_EQ(row_of(proved, "read.PE").verdict, Verdict::Holds);
    EXPECT_FALSE(row_of(proved, "read.PE").decided_at);
    EXPECT_EQ(row_of(proved, "run.PR").verdict, Verdict::Holds);
    EXPECT_EQ(row_of(proved, "out.CR").verdict, Verdict::Violated);
    if (sequential) {  // two claims share the error, the proved one needs none of it
      EXPECT_NEAR(proved.sequential->level, 0.05 / 2, 1e-15);
      EXPECT_EQ(row_of(proved, "run.PR").decided_at, Estimate(kInputs, 10));
    }
  }
}

// A proof does not say that the claim says something.
TEST(Proved, WhatIsProvedCanBeEmpty) {
  Report vacuous = report();
  row_of(vacuous, "read.PE").claim = 0.001;
  vacuous.objections.push_back({"read", "early answer", "", ""});
  conclude(vacuous);
  EXPECT_EQ(row_of(vacuous, "read.PE").verdict, Verdict::Vacuous);
  Report by_chance = report();
  row_of(by_chance, "read.PE").claim = 0.001;
  row_of(by_chance, "read.PE").unrelated = {250, 0};  // everything is called equal
  conclude(by_chance);
  EXPECT_EQ(row_of(by_chance, "read.PE").verdict, Verdict::Undecided);
  EXPECT_TRUE(row_of(by_chance, "read.PE").by_chance);
}

TEST(Proved, CountsThatContradictAProofAreAnError) {
  Report wrong = report();
  row_of(wrong, "read.CE").estimate.failures = 1;
  EXPECT_THAT(message_of([&] { conclude(wrong); }),
              testing::AllOf(HasSubstr("internal error"), HasSubstr("read.CE never fails"),
                             HasSubstr("1 of 1000")));
  wrong.proofs->certificate = {"c.json", "00"};
  EXPECT_THAT(message_of([&] { conclude(wrong); }),
              HasSubstr("c.json: it says that read.CE never"));
  Report apart = report();
  row_of(apart, "run.CE").estimate.failures = 9;
  EXPECT_THAT(message_of([&] { conclude(apart); }),
              HasSubstr("run.CE and run.PE fail on the same"));
}

// The words of a report are made of its numbers, whatever it says.
TEST(Proved, OnlyLiteralMarginsAboveFloat32RoundingCount) {
  ProvedStatement statement{
      .statement = "node = program", .node = "read", .verdict = "proved", .words = ""};
  EXPECT_TRUE(statement.proved_as_it_runs());
  statement.float32_error = 0.04;
  EXPECT_FALSE(statement.proved_as_it_runs());
  statement.margin = 0.03;
  EXPECT_FALSE(statement.proved_as_it_runs());
  statement.margin = 3;
  EXPECT_TRUE(statement.proved_as_it_runs());
  statement.verdict = "open";
  EXPECT_FALSE(statement.proved_as_it_runs());
}

CheckResult counted(int64_t n) {
  CheckResult result;
  for (const char* name : {"read", "run", "out"}) {
    NodeResult node{.node = name, .axioms = {}};
    for (const Axiom axiom : kAxioms)
      if (!left_out(proofs(), name, axiom))
        node[axiom] = {.estimate = {n, 0}, .witnesses = {}, .unrelated = {n / 4, n / 5}};
    result.nodes.push_back(std::move(node));
  }
  return result;
}

TEST(Proved, LooksNeedNoFailuresOfWhatIsProved) {
  const std::vector<Claim> claims = {{"read", Axiom::PE, 0}, {"run", Axiom::PR, 0.1}};
  Looks with(claims, 0.95, nullptr, proofs());
  EXPECT_FALSE(with.look(counted(8)));  // too few to be told from chance
  EXPECT_TRUE(with.look(counted(256)));
  Looks without({claims[0]}, 0.95);
  EXPECT_FALSE(without.look(counted(1'000'000)));  // no number of inputs shows a rate of 0
}

TEST(Proved, TheSentenceSaysWhoProvedIt) {
  Report own = report();
  conclude(own);
  EXPECT_THAT(verdict_sentence(own), testing::AllOf(HasSubstr("proved by the run itself"),
                                                    HasSubstr("read.PE = read.CE = 0"),
                                                    HasSubstr("of 12 rows 5 are unknown")));
  own.proofs->certificate = {"c.json", "00"};
  EXPECT_THAT(verdict_sentence(own), HasSubstr("proved by c.json, not checked here"));
  own.worst_case = {.domain = "",
                    .searches = {{.of = "answer", .found = "( x0 x1 )", .words = "it is wrong"}}};
  EXPECT_THAT(verdict_sentence(own), HasSubstr("But a search found an input on which it is wrong"));
}

}  // namespace proved_test
}  // namespace assay::axioms
