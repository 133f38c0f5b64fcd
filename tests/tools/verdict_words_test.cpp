#include "tools/verdict_words.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "tasks/registry.h"
#include "tools/row_table.h"

namespace assay::tools {
namespace verdict_words_test {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportRow;
using axioms::Verdict;
using testing::HasSubstr;
using testing::Not;

/// Two steps, one after the other; the second is the answer. No row fails.
Report two_steps(int64_t n = 10000) {
  Report report;
  report.inputs = n;
  report.title = "a claim";
  for (const char* name : {"parse", "or"}) {
    axioms::ReportNode node{.name = name, .equality = "equal"};
    node.definition.parents = {report.nodes.empty() ? "tokens" : "parse"};
    report.nodes.push_back(node);
    for (const Axiom axiom : {Axiom::PE, Axiom::CE, Axiom::PR, Axiom::CR})
      report.rows.push_back({.node = name,
                             .axiom = axiom,
                             .estimate = {.n = n, .failures = 0},
                             .witnesses = {},
                             .unrelated = {.n = 100, .failures = 50},
                             .better_than_chance = true});
  }
  return report;
}

Report claimed(Report report, size_t row, double claim, Verdict verdict, int64_t failures = 0) {
  report.rows[row].claim = claim;
  report.rows[row].verdict = verdict;
  report.rows[row].estimate.failures = failures;
  return report;
}

const tasks::Task& two_sat() {
  static const auto task = tasks::make_task("two-sat");
  return *task;
}

TEST(VerdictWords, RoundBoundsAwayFromWhatTheyBound) {
  EXPECT_EQ(share_text(0.030141, Rounding::Up), "3.02%");
  EXPECT_EQ(share_text(0.030141, Rounding::Down), "3.01%");
  EXPECT_EQ(share_text(0.030141), "3.01%");
  EXPECT_EQ(share_text(0.0003125), "0.031%");
  EXPECT_EQ(share_text(0.00004801, Rounding::Up), "0.0049%");
  EXPECT_EQ(share_text(0.5), "50%");
  EXPECT_EQ(share_text(0), "0");
  EXPECT_EQ(share_text(1), "100%");
  EXPECT_EQ(share_text(0.9999999), "99.9%");  // nothing but all is 100%
  EXPECT_EQ(share_text(0.9999999, Rounding::Down), "99.9%");
  EXPECT_EQ(share_text(std::nan("")), "0");
}

TEST(VerdictWords, SayHowManyInputsEveryStepIsRightOnAtLeast) {
  const VerdictWords words =
      verdict_words(claimed(two_steps(), 0, 0.01, Verdict::Holds), two_sat());
  EXPECT_EQ(words.head, "The explanation holds.");
  // Two steps without a failure, each bounded at 97.5%: 1 - 2 (1 - 0.025^(1/10000)) = 99.926%.
  EXPECT_THAT(words.say, HasSubstr("On at least 99.9% of formulas every step"));
  EXPECT_THAT(words.say, HasSubstr("and in 10,000 formulas the two never gave different answers"));
  EXPECT_EQ(words.but_head, "");
}

TEST(VerdictWords, NameTheExceptionOfWhatHolds) {
  const VerdictWords words =
      verdict_words(claimed(two_steps(), 4, 0.2, Verdict::Holds, 300), two_sat());
  EXPECT_THAT(words.say, HasSubstr("but the two gave different answers on 300 of 10,000 formulas"));
  EXPECT_EQ(words.but_head, "But not on every formula.");
}

/// A claim that the values of other inputs meet as well is met by anything.
TEST(VerdictWords, SayThatAClaimAsksForNoMoreThanChance) {
  const auto but = [](double claim, int64_t unrelated, bool never = false) {
    Report report = claimed(two_steps(), 4, claim, Verdict::Holds, 300);
    report.rows[4].unrelated = {.n = 100, .failures = unrelated};
    report.rows[4].never = never;
    return verdict_words(report, two_sat()).but;
  };
  EXPECT_EQ(but(0.9, 81),
            "At most 90% was claimed of or.PE, which fails on 81% even with the value of an "
            "unrelated input. On 300 of 10,000, the network’s value of or is not the one computed "
            "from the input.");
  EXPECT_THAT(but(0.81, 81), HasSubstr("At most 81% was claimed"));
  EXPECT_THAT(but(0.8, 81), HasSubstr("On 300 of 10,000"));
  EXPECT_THAT(but(0.9, 81, true), Not(HasSubstr("claimed")));  // proved: it is more than was asked
}

/// A verdict never says more than was shown.
TEST(VerdictWords, AreNotGreenForAnythingThatDoesNotHold) {
  const Report holds = claimed(two_steps(), 0, 0.01, Verdict::Holds);
  EXPECT_EQ(outcome_of(claimed(holds, 1, 0.01, Verdict::Violated, 900)), Outcome::Violated);
  EXPECT_EQ(outcome_of(claimed(holds, 1, 0.01, Verdict::Undecided)), Outcome::Undecided);
  EXPECT_EQ(outcome_of(claimed(holds, 1, 0.01, Verdict::Vacuous)), Outcome::Vacuous);
  Report untested = claimed(holds, 1, 0.01, Verdict::Undecided);
  untested.rows[1].because = "no complete cut";
  EXPECT_EQ(outcome_of(untested), Outcome::Untested);
  EXPECT_THAT(verdict_words(untested, two_sat()).say, HasSubstr("no complete cut"));
  Report objected = two_steps();
  objected.objections.push_back(
      {.node = "parse", .kind = "k", .violates = "5", .reason = "it is all"});
  EXPECT_EQ(outcome_of(objected), Outcome::Vacuous);
  EXPECT_EQ(outcome_of(two_steps()), Outcome::None);
  Report partial = holds;
  partial.partial = true;
  EXPECT_THAT(verdict_words(partial, two_sat()).but_head, HasSubstr("interrupted"));
}

TEST(VerdictWords, OfAViolationGiveItsLowerBound) {
  Report report = claimed(two_steps(), 0, 0.01, Verdict::Violated, 900);
  report.rows[0].lower = 0.0853;
  EXPECT_EQ(verdict_words(report, two_sat()).say,
            "parse differs on at least 8.53% of formulas; at most 1% was claimed.");
}

TEST(VerdictWords, OfWhatIsUndecidedSayWhatFailsAndBetweenWhichRates) {
  Report report = claimed(two_steps(), 2, 0.01, Verdict::Undecided, 100);
  report.rows[2].lower = 0.0083;
  report.rows[2].upper = 0.0119;
  EXPECT_EQ(
      verdict_words(report, two_sat()).say,
      "Put into the network, the value of parse changes the answer on between 0.83% and 1.19% "
      "of formulas; at most 1% was claimed.");
  report.rows[2].answer_name = "UNSAT";
  EXPECT_THAT(verdict_words(report, two_sat()).say, HasSubstr("of formulas answered UNSAT;"));
}

/// "On at least 0.01% of formulas every step is right" would be no finding.
TEST(VerdictWords, SayNothingOfStepsThatAreMostlyWrong) {
  const Report report = claimed(two_steps(), 0, 0.9, Verdict::Holds, 9000);
  EXPECT_EQ(verdict_words(report, two_sat()).say,
            "In 10,000 formulas the two never gave different answers.");
  EXPECT_THAT(verdict_words(report, two_sat()).but, HasSubstr("On 9,000 of 10,000"));
}

TEST(VerdictWords, OfAViolationStillNameWhatASearchFound) {
  Report report = claimed(two_steps(), 0, 0.01, Verdict::Violated, 900);
  EXPECT_EQ(verdict_words(report, two_sat()).but_head, "");
  report.worst_case = axioms::WorstCase{};
  report.worst_case->searches.push_back(
      {.of = "answer", .found = "( x0 x1 )", .words = "the answer is wrong"});
  EXPECT_EQ(verdict_words(report, two_sat()).but_head, "But a search found a failing formula.");
}

TEST(VerdictWords, OfAPartOfAListBoundNothing) {
  Report list = two_steps();
  list.scope = axioms::Scope::List;
  EXPECT_THAT(verdict_words(list, two_sat()).say, Not(HasSubstr("at least")));
  for (ReportRow& row : list.rows) row.exact = true;
  EXPECT_THAT(verdict_words(list, two_sat()).say, HasSubstr("On these 10,000 formulas every step"));
}

TEST(VerdictWords, CallEqualOnlyWhatMustBeAndIs) {
  Report report = two_steps();
  ASSERT_TRUE(equal_row(report, 1));
  EXPECT_EQ(equal_row(report, 1)->name, "parse.PE");
  EXPECT_EQ(equal_row(report, 3)->name, "parse.PR");
  EXPECT_FALSE(equal_row(report, 0));
  EXPECT_FALSE(equal_row(report, 5));  // or.CE, of a step that has one before it
  EXPECT_EQ(count_unknown(report), 6);
  report.rows[1].estimate.failures = 1;  // counts that differ equal nothing, whatever the form
  EXPECT_FALSE(equal_row(report, 1));
}

TEST(RowTable, KeepsWithinEightyColumns) {
  Report report = claimed(two_steps(80000), 4, 0.0043, Verdict::Holds, 2303);
  report.rows[4].decided_at = {.n = 80000, .failures = 2303};
  const Console console(false);
  for (const std::string& line : row_lines(report, two_sat(), 80, console))
    EXPECT_LE(columns(line), 80u) << line;
}

/// What holds wherever one stops stands beside what a fixed number of inputs would have shown.
TEST(RowTable, HasBothBoundsWhereThereIsRoom) {
  Report report = two_steps();
  report.sequential.emplace();
  report.rows[0].upper = 0.0123;
  report.rows[0].anytime_upper = 0.0234;
  const auto shown = [&](size_t width) {
    return fmt::format("{}", fmt::join(row_lines(report, two_sat(), width, Console(false)), "\n"));
  };
  EXPECT_THAT(shown(140),
              testing::AllOf(HasSubstr("at most  fixed n"), HasSubstr("2.34%    1.23%")));
  EXPECT_THAT(shown(80), testing::AllOf(HasSubstr("2.34%"), testing::Not(HasSubstr("1.23%"))));
}

TEST(RowTable, CountsItsViolationsByAGlyph) {
  const Report report = claimed(claimed(two_steps(), 0, 0.01, Verdict::Violated, 900), 4, 0.01,
                                Verdict::Violated, 900);
  size_t lines = 0;
  for (const std::string& line : row_lines(report, two_sat(), 80, Console(false)))
    lines += line.find("✗") != line.npos;
  EXPECT_EQ(lines, 2u);
}

}  // namespace verdict_words_test
}  // namespace assay::tools
