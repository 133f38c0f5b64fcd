#include "tools/summaries.h"

#include <gmock/gmock.h>

#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "tasks/registry.h"

namespace assay::tools {
namespace summaries_test {

using axioms::Axiom;
using axioms::ReportRow;
using axioms::Verdict;
using boost::property_tree::ptree;
using testing::HasSubstr;
using testing::Not;

ReportRow row(const std::string& node, std::optional<double> claim,
              std::optional<Verdict> verdict) {
  ReportRow row;
  row.node = node;
  row.axiom = Axiom::PE;
  row.estimate = {.n = 80000, .failures = 25};
  row.lower = 0.0002;
  row.upper = 0.00044;
  row.simultaneous_upper = 0.00052;
  row.claim = claim;
  row.verdict = verdict;
  return row;
}

axioms::Report report(std::vector<ReportRow> rows) {
  axioms::Report report;
  report.title = "a claim | with <marks> & \x1b[31mcolours";
  report.facts.command = "assay validate";
  report.inputs = 80000;
  report.rows = std::move(rows);
  return report;
}

/// The suite as a reader of JUnit's files sees it.
ptree suite_of(const axioms::Report& report) {
  std::istringstream xml(junit_of(report, *tasks::make_task("two-sat")));
  ptree root;
  boost::property_tree::read_xml(xml, root);
  return root.get_child("testsuites.testsuite");
}

TEST(Junit, IsGreenOnlyForWhatHolds) {
  const ptree suite = suite_of(report(
      {row("a", 0.001, Verdict::Holds), row("b", 0.0001, Verdict::Violated),
       row("c", 0.0004, Verdict::Undecided), row("d", 0.1, Verdict::Vacuous), row("e", {}, {})}));
  EXPECT_EQ(suite.get<int>("<xmlattr>.tests"), 4);
  EXPECT_EQ(suite.get<int>("<xmlattr>.failures"), 2);
  EXPECT_EQ(suite.get<int>("<xmlattr>.errors"), 1);
  std::vector<std::string> outcomes;
  for (const auto& [tag, test] : suite)
    if (tag == "testcase")
      outcomes.push_back(test.get<std::string>("<xmlattr>.name") + (test.count("failure")
                                                                        ? " failure"
                                                                    : test.count("error") ? " error"
                                                                                          : ""));
  EXPECT_THAT(outcomes, testing::ElementsAre("a.PE <= 0.001", "b.PE <= 0.0001 failure",
                                             "c.PE <= 0.0004 error", "d.PE <= 0.1 failure"));
}

TEST(Junit, IsNotGreenWhereNothingWasDecided) {
  EXPECT_EQ(suite_of(report({row("a", {}, {})})).get<int>("<xmlattr>.errors"), 1);
  axioms::Report interrupted = report({row("a", 0.001, Verdict::Holds)});
  interrupted.partial = true;
  EXPECT_EQ(suite_of(interrupted).get<int>("<xmlattr>.errors"), 1);
}

TEST(Junit, KeepsWhateverATitleSaysAText) {
  const ptree suite = suite_of(report({row("</testcase>\x01", 0.1, Verdict::Holds)}));
  EXPECT_THAT(suite.get<std::string>("<xmlattr>.name"), HasSubstr("with <marks> & \\x1b[31m"));
  EXPECT_EQ(suite.get<std::string>("testcase.<xmlattr>.classname"), "</testcase>\\x01");
}

TEST(Markdown, SaysWhatTheTerminalSays) {
  axioms::Report vacuous = report({row("a|b", 0.001, Verdict::Vacuous)});
  vacuous.objections.push_back(
      {.node = "a|b", .kind = "early answer", .violates = "5", .reason = "it knows\nthe answer"});
  const std::string text = markdown_of(vacuous, *tasks::make_task("two-sat"));
  EXPECT_THAT(text, HasSubstr(axioms::verdict_sentence(vacuous)));
  EXPECT_THAT(text, HasSubstr("early answer"));
  EXPECT_THAT(text, HasSubstr("| a\\|b.PE | 25 | 80,000 |"));
  EXPECT_THAT(text, HasSubstr("| ≤ 0.001 | vacuous |"));
  EXPECT_THAT(text, Not(HasSubstr("knows\nthe")));
}

TEST(Csv, HasALinePerRow) {
  axioms::Report some = report({row("a,\"b\"", 0.001, Verdict::Holds), row("c", {}, {})});
  some.rows[0].because = "";
  some.rows[0].unrelated = {100, 90};
  const std::string text = csv_of(some);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_THAT(text, HasSubstr("node,axiom,answer,inputs,failures,rate,"));
  EXPECT_THAT(text, HasSubstr("\r\n\"a,\"\"b\"\"\",PE,,80000,25,0.0003125,"));
  EXPECT_THAT(text, HasSubstr(",100,90,0.001,holds,,,\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nc,PE,,80000,25,0.0003125,"));
}

}  // namespace summaries_test
}  // namespace assay::tools
