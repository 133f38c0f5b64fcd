#include "tools/page/sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "circuits/measures/measure_fields.h"
#include "circuits/measures/test_fields.h"
#include "tasks/registry.h"
#include "tests/interp/scratch.h"
#include "tests/tools/page/validation_report.h"
#include "tools/decisions.h"
#include "tools/discovery_fields.h"
#include "tools/metrics_fields.h"
#include "tools/page/markup.h"
#include "tools/page/node_words.h"
#include "tools/prove_fields.h"

namespace assay::tools::page {
namespace sections_test {

using interp::message_of;
using testing::HasSubstr;

/// Failures of 100 inputs that give a claim of at most a tenth this verdict.
int64_t failures_for(const std::string& verdict) {
  if (verdict == "violated") return 50;
  return verdict == "undecided" ? 8 : 0;
}

Json row(const char* axiom, double rate, const char* verdict = "") {
  if (*verdict) rate = static_cast<double>(failures_for(verdict)) / 100;
  Json json = {{"node", "sum"},
               {"axiom", axiom},
               {"n", 100},
               {"failures", std::llround(100 * rate)},
               {"rate", rate},
               {"upper", rate + 0.01},
               {"exact", false},
               {"lower", 0.0},
               {"simultaneous_upper", rate + 0.02},
               {"witnesses", Json::array()},
               {"unrelated", {{"n", 25}, {"failures", 25}, {"rate", 1.0}}},
               {"better_than_chance", true},
               {"by_chance", false},
               {"answers", Json::array()}};
  if (*verdict) json.update({{"claim", 0.1}, {"verdict", verdict}});
  return json;
}

/// A rate from which this verdict on a claim of 10% follows, of 100 inputs: verdicts are computed
/// anew where a record is read, whatever it says.
double rate_for(const std::string& verdict, double otherwise) {
  if (verdict == "violated") return 0.4;
  return verdict == "undecided" ? 0.08 : otherwise;
}

/// A whole report on one node, whose model and interpretation are gone.
Json validation(const std::vector<const char*>& verdicts = {"", "", "", ""}) {
  Json report = validation_facts();
  report.update({{"task", {{"name", "modular-addition"}, {"settings", {{"p", 7}}}}},
                 {"objections", Json::array()},
                 {"untested", Json::array()},
                 {"remarks", Json::array()},
                 {"rows", Json::array()}});
  const Json operation = {{"operation", "any"}, {"parameters", Json::object()}};
  report["nodes"] = {{{"node", "sum"},
                      {"inherited_failures", 0},
                      {"introduced_failures", 2},
                      {"equality", "equal"},
                      {"complete_cut", true},
                      {"path_around", Json::array()},
                      {"has_evidence", false},
                      {"parents", {"tokens"}},
                      {"sites", {"logits"}},
                      {"reads", {"logits"}},
                      {"h", operation},
                      {"alpha", operation},
                      {"gamma", operation},
                      {"evidence", Json::array()}}};
  const char* axioms[] = {"PE", "CE", "PR", "CR"};
  for (size_t i = 0; i < 4; ++i)
    report["rows"].push_back(row(axioms[i], rate_for(verdicts[i], i == 0 ? 0.02 : 0), verdicts[i]));
  return report;
}

std::string html_of(const std::optional<Section>& section) {
  std::string html;
  for (const Json& block : section->blocks) html += markup_of(block).markup();
  return html;
}

std::string verdict_of(const Json& report) {
  return html_of(verdict_section(make_run(report, "report.json")));
}

TEST(Sections, TheVerdictIsThatOfTheWorstClaim) {
  EXPECT_THAT(verdict_of(validation()), HasSubstr("No claim was made."));
  EXPECT_THAT(verdict_of(validation({"holds", "", "", ""})), HasSubstr("The explanation holds."));
  EXPECT_THAT(verdict_of(validation({"holds", "holds", "", ""})), HasSubstr("2 of 2"));
  const std::string undecided = verdict_of(validation({"holds", "undecided", "", ""}));
  EXPECT_THAT(undecided, HasSubstr("class=\"verdict undecided\""));
  EXPECT_THAT(undecided, HasSubstr("Not decided after 100"));
  const std::string worst = verdict_of(validation({"violated", "undecided", "violated", "holds"}));
  EXPECT_THAT(worst, HasSubstr("class=\"verdict violated\""));
  EXPECT_THAT(worst, HasSubstr("The explanation does not hold."));
  EXPECT_THAT(worst, HasSubstr("1 of 4"));
}

/// A record that calls a violated claim held is not believed.
TEST(Sections, TheVerdictFollowsFromTheCountsWhateverTheRecordSays) {
  Json forged = validation({"violated", "", "", ""});
  forged["rows"][0]["verdict"] = "holds";
  forged["rows"][0]["upper"] = 0.01;
  forged["verdict"] = "All claims hold.";
  EXPECT_THAT(verdict_of(forged), HasSubstr("class=\"verdict violated\""));
}

TEST(Sections, TheVerdictOnAVacuousInterpretationIsNothingElse) {
  Json report = validation({"holds", "holds", "", ""});
  report["objections"] = Json::array({{{"node", "sum"},
                                       {"kind", "one node"},
                                       {"reason", "it is the network"},
                                       {"violates", "cuts"}}});
  const std::string html = verdict_of(report);
  EXPECT_THAT(html, HasSubstr("class=\"verdict vacuous\""));
  EXPECT_THAT(html, HasSubstr("The numbers say nothing."));
  EXPECT_THAT(html, HasSubstr("it is the network. It violates: cuts."));
}

TEST(Sections, TheVerdictSaysWhatCouldNotBeTested) {
  Json report = validation({"holds", "holds", "", ""});
  report["untested"] = Json::array({{{"node", "sum"}, {"text", "no complete cut"}}});
  report["remarks"] = Json::array({{{"node", ""}, {"text", "a note"}}});
  const std::string html = verdict_of(report);
  EXPECT_THAT(html, HasSubstr("class=\"verdict untested\""));
  EXPECT_THAT(html, HasSubstr("sum: no complete cut."));
  EXPECT_THAT(html, HasSubstr("Note: a note."));
}

TEST(Sections, OfAListAndOfDownstreamEqualitySayWhatTheNumbersSpeakOf) {
  Json report = validation({"holds", "", "", ""});
  report["exact"] = true;
  for (Json& row : report["rows"]) row["exact"] = true;
  report["scope"] = "list";
  report["data"] = {{"path", "lines.txt"}, {"distinct", 1}};
  report["nodes"][0]["equality"] = "downstream";
  report["rows"][0]["plain_equality"] = {{"n", 100}, {"failures", 90}, {"rate", 0.9}};
  const page::Run run = make_run(report, "report.json");
  EXPECT_THAT(html_of(trust_section(run)), HasSubstr("nothing is said of other"));
  EXPECT_THAT(html_of(trust_section(run)), HasSubstr("Values of sum are compared by their effect"));
  EXPECT_THAT(html_of(rows_section(run)), HasSubstr("compared plainly: 90%"));
  EXPECT_THAT(html_of(claimed_section(run)), HasSubstr("the same effect on the answer"));
}

TEST(Sections, OfAReportOfEveryInputSpeakOfNoBounds) {
  Json report = validation({"holds", "", "", ""});
  report["exact"] = true;
  report["scope"] = "domain";
  for (Json& row : report["rows"]) {
    row["exact"] = true;
    for (const char* bound : {"upper", "lower", "simultaneous_upper"}) row.erase(bound);
  }
  const page::Run run = make_run(report, "report.json");
  const std::string rows = html_of(rows_section(run));
  EXPECT_EQ(rows.find("at most"), std::string::npos);
  EXPECT_EQ(rows.find("class=\"ci"), std::string::npos);
  EXPECT_THAT(rows, HasSubstr("rates are exact and need no bounds"));
  EXPECT_THAT(html_of(trust_section(run)), HasSubstr("Rates are exact"));
}

TEST(Sections, ARowThatEqualsAnotherIsNoMoreEvidence) {
  const std::string rows = html_of(rows_section(make_run(validation(), "report.json")));
  EXPECT_THAT(rows, HasSubstr("= sum.PR (first step)"));  // CR of the first step
  EXPECT_EQ(rows.find("= sum.PE"), std::string::npos);    // the counts of CE are others
  EXPECT_THAT(rows, HasSubstr("Of these 4 rows 3 were unknown"));
}

/// The failing inputs of a report with one witness of this row.
std::string witnesses_of(Json report, size_t row, const Json& network, const Json& interpretation) {
  report["rows"][row]["failures"] = 1;
  report["rows"][row]["witnesses"].push_back({{"input", 7},
                                              {"tokens", {3, 4, 7}},
                                              {"network", network},
                                              {"interpretation", interpretation}});
  return html_of(parts_section(make_run(report, "report.json")));
}

TEST(Sections, AWitnessOfAReplacementShowsWhatTheAnswerBecame) {
  Json report = validation();
  // Whatever tokens the interpretation's alpha names: decisions are the task's.
  report["nodes"][0]["alpha"] = {{"operation", "argmax_of"}, {"parameters", {{"tokens", {6, 5}}}}};
  const std::string seen = witnesses_of(report, 2, 5, 6);
  EXPECT_THAT(seen, HasSubstr("sum.PR"));
  EXPECT_THAT(seen, HasSubstr("the answer changes from <b>5</b> to <b>6</b>"));
  EXPECT_THAT(witnesses_of(validation(), 2, 5, -1), HasSubstr("to <b>a tie</b>"));
}

TEST(Sections, TheVerdictLinksToAFailingInputOfTheViolatedRow) {
  Json report = validation({"", "", "violated", ""});
  EXPECT_EQ(verdict_of(report).find("href"), std::string::npos);  // none was kept
  const auto keep = [&](size_t row, int64_t input) {
    report["rows"][row]["witnesses"].push_back(
        {{"input", input}, {"tokens", {3, 4, 7}}, {"network", 5}, {"interpretation", 6}});
  };
  report["rows"][0]["failures"] = 90;  // fails more often, and nothing was claimed of it
  keep(0, 3);
  EXPECT_THAT(verdict_of(report), HasSubstr("href=\"#w=3\""));
  keep(2, 8);
  EXPECT_THAT(verdict_of(report), HasSubstr("href=\"#w=8\""));
}

TEST(Sections, OfWhatWasCheckedWholeDoNotSayThatBoundsRestOnASample) {
  Json report = validation({"holds", "", "", ""});
  EXPECT_THAT(verdict_of(report), HasSubstr("every bound rests on a sample"));
  report["exact"] = true;
  report["scope"] = "domain";
  for (Json& row : report["rows"]) row["exact"] = true;
  EXPECT_THAT(verdict_of(report), HasSubstr("inputs that there are were checked"));
  report["scope"] = "list";
  report["data"] = {{"path", "lines.txt"}, {"distinct", 1}};
  EXPECT_THAT(verdict_of(report), HasSubstr("nothing is said of inputs that are not listed"));
}

TEST(Sections, WriteLargeNumbersAsPeopleDo) {
  EXPECT_EQ(page::powers_of_ten("0 for all 1.05e16, margin 3.12"),
            "0 for all 1.05×10¹⁶, margin 3.12");
  EXPECT_EQ(page::powers_of_ten("e16 of 1e-5, the 12e and 3e4"), "e16 of 1e-5, the 12e and 3×10⁴");
}

TEST(Sections, AWitnessOpensAtTheStepThatFails) {
  EXPECT_THAT(witnesses_of(validation(), 0, 1, 2), HasSubstr("data-first=\"0\""));  // the value
  EXPECT_THAT(witnesses_of(validation(), 2, 5, 6), HasSubstr("data-first=\"0\""));  // put in, alone
  EXPECT_THAT(witnesses_of(validation(), 0, 1, 2), HasSubstr("id=\"w=7\""));
}

TEST(Sections, OfManyWitnessesShowAFewAndSaySo) {
  Json report = validation();
  report["rows"][0]["failures"] = 100;
  report["rows"][0]["n"] = 100;
  report["nodes"][0]["introduced_failures"] = 100;
  for (int64_t input = 0; input < 100; ++input)
    report["rows"][0]["witnesses"].push_back(
        {{"input", input}, {"tokens", {3, 4, 7}}, {"network", 1}, {"interpretation", 2}});
  const std::string html = html_of(parts_section(make_run(report, "report.json")));
  EXPECT_THAT(html,
              HasSubstr("The record keeps 100 failing pairs of numbers; 8 of them stand here."));
}

TEST(Sections, OfOtherGuisesGiveEachItsAccuracyAndItsWorstRates) {
  Json report = validation();
  EXPECT_EQ(html_of(where_section(make_run(report, "report.json"))).find("in another guise"),
            std::string::npos);
  report["under"] = Json::array({{{"transformation", "swapped"},
                                  {"help", "swaps a and b"},
                                  {"n", 8},
                                  {"wrong", 1},
                                  {"accuracy", 0.5},  // as edited: what follows counts for nothing
                                  {"rows", {row("PE", 0.02), row("CR", 0.25)}}}});
  const std::string html = html_of(where_section(make_run(report, "report.json")));
  for (const char* part : {"swapped", "swaps a and b", "87.5%", ">25%<"})
    EXPECT_THAT(html, HasSubstr(part));
}

TEST(Sections, SpeakOfNodesWithoutNamesOfOperationsOrFiles) {
  const page::Run run = make_run(validation({"holds", "", "", ""}), "report.json");
  for (const auto& section :
       {verdict_section(run), claimed_section(run), rows_section(run), where_section(run)})
    for (const char* name : {"argmax_of", "equal_up_to_order", "gone.json", "gone.safetensors",
                             "report.json", "hook_"})
      EXPECT_EQ(html_of(section).find(name), std::string::npos) << name;
}

TEST(Sections, SayWhyTheNetworkIsNotUsed) {
  const page::Run run = make_run(validation(), "report.json");
  EXPECT_EQ(run.subject, nullptr);
  EXPECT_EQ(run.no_subject, "gone.safetensors is not there");
}

TEST(Sections, OfOneKindStandTogether) {
  Json other = validation();
  other["inputs"] = 200;
  for (Json& row : other["rows"]) row["n"] = 200;
  other["nodes"][0]["equality"] = "equal_rounded, decimals 3";
  std::vector<std::string> titles;
  for (const Section& section :
       page_of({make_run(validation(), "a.json"), make_run(other, "b.json")}).sections)
    titles.push_back(section.title);
  EXPECT_EQ(titles[0], titles[1]);
  EXPECT_EQ(titles[2], titles[3]);
  EXPECT_EQ(titles.front(), "Verdict");
  EXPECT_EQ(titles.back(), "Trust and reproduce");
}

TEST(Sections, ThatAreTheSameInTwoRunsStandOnceUnderBothNames) {
  Json report = validation();
  report["nodes"][0]["evidence"] = Json::array(
      {{{"statement", "waves"},
        {"value", {{"frequencies", {2}}, {"share", 0.9}, {"power", {0.1, 3.0, 0.2}}}}}});
  int found = 0;
  for (const Section& section :
       page_of({make_run(report, "a.json"), make_run(report, "b.json")}).sections)
    if (section.title == "What the frequencies carry") {
      ++found;
      EXPECT_EQ(section.run, "a sum, a sum");
      const std::string html = html_of(section);
      EXPECT_THAT(html, HasSubstr("power in the embedding,2,3,yes"));
      EXPECT_THAT(html, HasSubstr("power in the embedding,1,0.1,no"));
    }
  EXPECT_EQ(found, 1);
}

/// What `assay explain` writes, of two clauses and one method that has no score for the second.
Json explanation() {
  const Json first = {{"name", "( x0 )"}, {"positions", {0, 1, 2}}},
             second = {{"name", "( x1 )"}, {"positions", {3, 4, 5}}},
             scores = {{"method", "a"},
                       {"scores", {-2.0, nullptr}},
                       {"standard_errors", {0.25, nullptr}},
                       {"rows", 3},
                       {"seconds", 0.5}};
  return {{"kind", "explanation"},
          {"schema", 1},
          {"facts", {{"answer", "s"}}},
          {"tokens", {"(", "x0", ")", "(", "x1", ")", ":"}},
          {"features", Json::array({first, second})},
          {"explanations", Json::array({scores})}};
}

TEST(Sections, OfAnExplanationColourEachFeatureAndTellItsScore) {
  const std::string html = html_of(*explanations_section(make_run(explanation(), "")));
  EXPECT_THAT(html, HasSubstr("<span class=\"tk against4\" data-feature=\"0\"><code>( x0 )</code>"
                              "<small>-2.000 ± 0.25</small></span>"));
  EXPECT_THAT(html, HasSubstr("<span class=\"tk\" data-feature=\"1\"><code>( x1 )</code>"
                              "<small>–</small></span>"));
  EXPECT_THAT(html, HasSubstr("<span class=\"ctx\">:</span>"));
  EXPECT_THAT(html, HasSubstr("1,a,( x0 ),-2\n1,a,( x1 ),\n"));  // as CSV, unrounded
}

TEST(Sections, OfAnExplanationWithACaveatSayItAndColourNothing) {
  Json report = explanation();
  report["explanations"][0]["caveat"] = "did not converge in 200 iterations";
  const std::string html = html_of(*explanations_section(make_run(report, "")));
  EXPECT_THAT(html, HasSubstr("<small class=\"caution\">did not converge in 200 iterations"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"tk against")));
  EXPECT_THAT(html, HasSubstr("-2.000 ± 0.25"));
}

// A value and an importance for each feature; whatever else stands among the diagnostics is let be.
TEST(Sections, OfASurrogateShowItsFitAndWhatSpeaksAgainstIt) {
  Json report = explanation();
  Json& fitted = report["explanations"][0];
  EXPECT_THAT(html_of(*explanations_section(make_run(report, ""))), Not(HasSubstr("was fitted")));
  fitted["readings"] = {{"value", {-2.0, nullptr}}, {"importance", {1.5, 0.5}}};
  fitted["diagnostics"] = {
      {"mse", 0.25}, {"r2", "no number"}, {"pairs", 3}, {"pairs_not_between", 1}};
  const std::string html = html_of(*explanations_section(make_run(report, "")));
  EXPECT_THAT(html, HasSubstr("How a was fitted"));
  EXPECT_THAT(html, HasSubstr("( x0 ): importance 1.5, value -2"));
  EXPECT_THAT(html, HasSubstr("( x0 ),1.5,-2\n( x1 ),0.5,\n"));
  EXPECT_THAT(html, HasSubstr("1 of 3; one alone proves"));
  EXPECT_THAT(html, Not(HasSubstr("no number")));
  fitted["diagnostics"] = "none";
  EXPECT_THAT(html_of(*explanations_section(make_run(report, ""))), HasSubstr("was fitted"));
}

TEST(Sections, OfARunWithoutATitleOrAFileAreNamedByItsKind) {
  EXPECT_EQ(make_run(explanation(), "").name, "Explanation");
  EXPECT_EQ(make_run(explanation(), "runs/e.json").name, "Explanation (e.json)");
}

/// What `assay measure --tests` writes on a list of inputs.
Json measurement() {
  const circuits::Rate rate{.hits = 1, .n = 1};
  const auto finding = [](circuits::Outcome outcome) {
    return circuits::Finding{.claim = "it is so", .outcome = outcome, .because = "of this"};
  };
  const circuits::HypothesisTests tests{
      .independence = circuits::Independence{.finding = finding(circuits::Outcome::CouldNotTell)},
      .minimality = circuits::MinimalityTest{.finding = finding(circuits::Outcome::Against)},
      .sufficiency = circuits::AgainstRandom{.finding = finding(circuits::Outcome::Shown)},
      .skipped = {"equivalence: the inputs are a list"}};
  return {{"kind", "measurement"},
          {"schema", 1},
          {"circuit", {{"path", "gone.json"}, {"sha256", "00"}}},
          {"measures", to_json(circuits::Measures{.metric = "accuracy",
                                                  .inputs = 1,
                                                  .edges = 3,
                                                  .of_edges = 9,
                                                  .is_sample = false,
                                                  .faithfulness = {.normalised = 0.858},
                                                  .agreement = rate,
                                                  .empty_agreement = rate,
                                                  .network_right = rate,
                                                  .circuit_right = rate})},
          {"tests", interp::write_record(tests)}};
}

TEST(Sections, OfAMeasurementShowNoIntervalWhereThereIsNoneAndNothingGreenThatIsNotShown) {
  const page::Run run = make_run(measurement(), "m.json");
  const std::string measures = measures_section(run)->blocks.dump();
  EXPECT_THAT(measures, HasSubstr("no interval"));
  EXPECT_THAT(measures, HasSubstr("of a list, for which the figures are exact"));
  const Section tests = *tests_section(run);
  EXPECT_THAT(tests.blocks[0].dump(), HasSubstr("the inputs are a list"));
  const Json rows = tests.blocks[1]["rows"];
  const auto tone = [&](size_t line) { return rows[line][2].value("tone", ""); };
  EXPECT_EQ(rows[0][2]["text"], "could not tell");
  EXPECT_NE(tone(0), "good");
  EXPECT_EQ(tone(1), "caution");
  EXPECT_EQ(tone(2), "good");
}

/// What `assay compare` writes, where one method failed on the only input.
Json comparison() {
  const Json figure = {{"mean", 0.9}, {"interval", {0.8, 1.0}}, {"inputs", 1}},
             good = {{"method", "good"},
                     {"measures", {{"mus.auroc", figure}}},
                     {"rows", 3},
                     {"seconds", 0.5}},
             broken = {{"method", "broken"},
                       {"measures", nullptr},
                       {"rows", nullptr},
                       {"seconds", nullptr},
                       {"failures", {{"inputs", 1}, {"first", "no gradient"}}}},
             scored = {{"method", "good"},
                       {"scores", {1.0, 0.0}},
                       {"measures", {{"mus.auroc", 0.9}}},
                       {"rows", 3},
                       {"seconds", 0.5}},
             unscored = {{"method", "broken"},
                         {"scores", Json::array()},
                         {"measures", Json::object()},
                         {"rows", 0},
                         {"seconds", 0.0},
                         {"failure", "no gradient"}},
             input = {{"input", "3 + 4 ="},
                      {"right", true},
                      {"methods", Json::array({scored, unscored})},
                      {"baselines", Json::array()},
                      {"references", Json::array()}};
  return {{"kind", "comparison"},
          {"schema", 1},
          {"task", {{"name", "modular-addition"}, {"settings", {{"p", 7}}}}},
          {"features", "token"},
          {"confidence", 0.95},
          {"partial", false},
          {"summary",
           {{"methods", Json::array({good, broken})},
            {"random", {{"mus.auroc", {0.4, 0.6}}}},
            {"leaders", Json::object()}}},
          {"inputs", Json::array({input})}};
}

TEST(Sections, OfAComparisonSayWhoBeatsChanceAndWhoFailed) {
  const std::string text = html_of(*comparison_section(make_run(comparison(), "c.json")));
  EXPECT_THAT(text, HasSubstr("1 of 1 method finds what must matter better than scores that know "
                              "nothing by one yardstick (mus): good."));
  EXPECT_THAT(text, HasSubstr("<b>▲ 0.90</b>"));
  EXPECT_THAT(text, HasSubstr("broken gives no explanation"));
  EXPECT_THAT(text, HasSubstr("no gradient"));
  const std::string inputs = html_of(*explanations_section(make_run(comparison(), "c.json")));
  EXPECT_THAT(inputs, HasSubstr("<span class=\"tk for4\" data-feature=\"0\">"));
  EXPECT_THAT(inputs, HasSubstr("broken (failed here)"));
}

TEST(Sections, OfAComparisonShowPairedDifferencesWhereTheRecordHasThem) {
  Json report = comparison();
  const Json good = report["summary"]["methods"][0];
  Json other = good;
  other["method"] = "other";
  other["measures"]["mus.auroc"]["mean"] = 0.7;
  report["summary"]["methods"].push_back(other);
  Json leader = {{"method", "good"},
                 {"best", true},
                 {"not_told_apart", Json::array()},
                 {"above_chance", true}};
  report["summary"]["leaders"]["mus.auroc"] = leader;
  EXPECT_THAT(html_of(*comparison_section(make_run(report, "c.json"))),
              Not(HasSubstr("is ahead by")));
  leader["differences"] =
      Json::array({{{"method", "other"}, {"mean", 0.2}, {"interval", {0.1, 0.3}}, {"inputs", 9}}});
  report["summary"]["leaders"]["mus.auroc"] = leader;
  const std::string html = html_of(*comparison_section(make_run(report, "c.json")));
  EXPECT_THAT(html, HasSubstr("good is ahead by, on the same inputs"));
  EXPECT_THAT(html, HasSubstr("best: good; ahead of other by 0.20 (0.10 to 0.30)"));
  EXPECT_THAT(html, HasSubstr("mus.auroc,other,0.7,0.8,1,1,0.4,0.6,good,0.2,0.1,0.3,9\n"));
}

TEST(Sections, OfAComparisonCallBestOnlyWhatIsToldApart) {
  Json report = comparison();
  const auto text = [&](const Json& leader) {
    report["summary"]["leaders"]["mus.auroc"] = leader;
    return html_of(*comparison_section(make_run(report, "c.json")));
  };
  EXPECT_THAT(text({{"method", "good"},
                    {"best", true},
                    {"not_told_apart", Json::array()},
                    {"above_chance", true}}),
              HasSubstr("best: good."));
  EXPECT_THAT(text({{"method", "good"},
                    {"best", true},  // which is not what follows from the rest
                    {"not_told_apart", {"other"}},
                    {"above_chance", true}}),
              HasSubstr("none is best: good leads, not told apart from other"));
}

TEST(Sections, OfAComparisonThatHadNoInputSaySo) {
  Json report = comparison();
  report["summary"]["methods"] = Json::array();
  report["inputs"] = Json::array();
  const page::Run run = make_run(report, "c.json");
  EXPECT_THAT(comparison_section(run)->blocks.dump(), HasSubstr("stopped before its first input"));
  EXPECT_FALSE(explanations_section(run));
}

/// A line of a log.
Json evaluated(int64_t step, const MeasuredOn& on = {}) {
  return interp::write_record(
      MetricsLine{.progress = {.step = step, .loss = 0.5, .accuracy = 0.9}, .accuracy = on});
}

TEST(Sections, OfATrainingThinLongCurvesAndKeepBothEnds) {
  Json lines = Json::array();
  for (int64_t step = 0; step < 20001; ++step) lines.push_back(evaluated(step));
  const Section section = *training_section(make_run({{"lines", lines}}, "metrics.jsonl"));
  const std::string html = html_of(section);
  const std::string csv = html.substr(
      html.find("data-csv"), html.find("\">", html.find("data-csv")) - html.find("data-csv"));
  EXPECT_LE(std::ranges::count(csv, '\n'), 1502);
  EXPECT_THAT(csv, HasSubstr("\n0,0.5,0.9"));
  EXPECT_THAT(csv, HasSubstr("\n20000,0.5,0.9"));
}

TEST(Sections, OfATrainingNameTheInputsOfItsAccuracy) {
  const Json line = evaluated(5, {.inputs = 4096, .of = "of the deriving part"});
  const Section section =
      *training_section(make_run({{"lines", Json::array({line})}}, "metrics.jsonl"));
  EXPECT_THAT(section.blocks.dump(),
              HasSubstr("90.00% of 4,096 held-out inputs (of the deriving part) right."));
}

Json one_evaluation() {
  return interp::write_record(MetricsLine{
      .progress = {.step = 5, .steps = 5, .loss = 0.5, .accuracy = 0.9}, .accuracy = {}});
}

TEST(Sections, OfATrainingShowASingleEvaluationAsADot) {
  const Json line = one_evaluation();
  const std::string html =
      html_of(training_section(make_run({{"lines", Json::array({line})}}, "metrics.jsonl")));
  EXPECT_THAT(html, HasSubstr("d=\"M1.0000 0.5000h0\""));  // its loss, in the middle
  EXPECT_THAT(html, HasSubstr("d=\"M1.0000 0.1000h0\""));
}

/// What `assay prove --certificate` writes.
Json proofs() {
  ProofsRecord record{.title = "2-SAT by trees",
                      .task = {{"name", "two-sat"}, {"settings", Json::object()}},
                      .model = {"m", "00"},
                      .interpretation = {{"i", "11"}, "2-SAT by trees"},
                      .domain = {"d", "every input", "1.05e16", "r"},
                      .certificate = "kept.json",
                      .statements = {},
                      .rows = {}};
  record.statements.resize(1);
  record.statements[0].statement = "h = specification";
  record.statements[0].verdict = "proved";
  record.statements[0].words = "right";
  Json report = {{"kind", "proofs"}, {"schema", 1}, {"command", "assay prove"}};
  report.update(interp::write_record(record));
  return report;
}

TEST(Sections, OfProofsNameTheCertificateInTheLastOneAlone) {
  const Page page = page_of({make_run(proofs(), "r.json")});
  ASSERT_EQ(page.sections.size(), 2u);
  EXPECT_THAT(html_of(page.sections[0]), Not(HasSubstr("kept.json")));
  EXPECT_THAT(html_of(page.sections[1]),
              HasSubstr("<span>assay-check</span> <span>kept.json</span> <span>--model</span>"));
}

TEST(RecordPage, AnswersAboveItsSectionsAndForWhoeverListsPages) {
  const Page page = page_of({make_run(proofs(), "r.json")});
  EXPECT_EQ(page.title, "Proofs: How this network decides 2-SAT");
  EXPECT_EQ(page.description, "1 of 1 statement is proved.");
  EXPECT_EQ(page.kicker, "Assay · Proofs · 2-SAT by trees");
  const std::string html = page::html_of(page);
  EXPECT_LT(html.find("class=\"headline\""), html.find("<nav"));
  EXPECT_LT(html.find("<nav"), html.find("<h2"));
}

/// A log says nothing of what the network is for.
TEST(RecordPage, OfNothingThatHasANameIsCalledByItsAnswer) {
  const Json line = one_evaluation();
  const Page page = page_of({make_run({{"lines", Json::array({line})}}, "metrics.jsonl")});
  const std::string answer = "After 5 steps the network answers 90.0% of held-out inputs right.";
  EXPECT_EQ(page.title, "Training: " + answer);
  EXPECT_EQ(page.description, answer);
}

TEST(Sections, OfACircuitBesideTheTrueOneJudgeIt) {
  const CircuitComparison found{
      .a = {"a.json", 5},
      .b = {"b.json", 6},
      .shared = 4,
      .jaccard = 4. / 7,
      .correlation = {},
      .only_a = {"m0->logits"},
      .only_b = {"input->m0", "input->logits"},
      .truth = Found{.edges = 23, .auroc = 0.875, .precision = 0.8, .recall = 4. / 6}};
  Json report = {{"kind", "circuit-comparison"}, {"schema", 1}};
  report.update(interp::write_record(found));
  const std::string html = html_of(circuit_comparison_section(make_run(report, "c.json")));
  for (const char* part : {"A finds 4 of the 6 edges of the true circuit, and 1 that is not in it.",
                           "0.800", "0.667", "0.875"})
    EXPECT_THAT(html, HasSubstr(part));
}

TEST(Sections, OfATrainingRefuseACountThatIsNone) {
  for (const Json& wrong : {Json(1e308), Json(0.5), Json(-1), Json("4096"), Json()}) {
    Json line = evaluated(5, {.inputs = 4096, .of = "of the deriving part"});
    line["accuracy_inputs"] = wrong;
    EXPECT_THAT(message_of([&] {
                  make_run({{"lines", Json::array({line})}}, "metrics.jsonl");
                }),
                HasSubstr("field 'lines[0].accuracy_inputs': expected"));
  }
}

TEST(Sections, OfATrainingRefuseALineWithoutAccuracy) {
  Json line = evaluated(5);
  line.erase("accuracy");
  EXPECT_EQ(message_of([&] {
              make_run({{"lines", Json::array({line})}}, "metrics.jsonl");
            }),
            "field 'lines[0].accuracy': is missing");
}

TEST(Sections, TakeNoNumberForATokenThatIsNone) {
  const Json wrong = 1e308, right = 0;
  const auto task = tasks::make_task("two-sat");
  const auto node = [](const Json& token) {
    return Json{{"alpha", {{"operation", "argmax_of"}, {"parameters", {{"tokens", {token}}}}}}};
  };
  EXPECT_EQ(answer_text(right, node(14), *task), "UNSAT");
  EXPECT_THAT(message_of([&] { answer_text(wrong, node(8), *task); }),
              HasSubstr("the token chosen: expected a whole number"));
  EXPECT_THAT(message_of([&] { answer_text(right, node(wrong), *task); }),
              HasSubstr("the tokens of argmax_of: field '[0]': expected a whole number"));
}

class Runs : public interp::Scratch {};

TEST_F(Runs, AreRefusedByNameWhereTheyAreNoReports) {
  EXPECT_THAT(message_of([&] { read_run(put("a.json", "{")); }), HasSubstr("a.json: not a report"));
  EXPECT_THAT(
      message_of([&] { read_run(put("b.json", "{\"x\": 1}")); }),
      HasSubstr("b.json: field 'kind': is missing; expected a report that validate, plan, prove"));
  EXPECT_THAT(message_of([&] { read_run(put("c.json", R"({"kind": "valuation"})")); }),
              testing::AllOf(HasSubstr("c.json: unknown kind of record 'valuation'; there are"),
                             HasSubstr("did you mean 'validation'?")));
  EXPECT_THAT(message_of([&] { read_run(put("d.json", R"({"kind": "list", "schema": 1})")); }),
              HasSubstr("d.json: there is no page about records of the kind list: assay list"));
  EXPECT_THAT(message_of([&] { read_run(at("none.json")); }), HasSubstr("none.json"));
  Json half = validation();
  half.erase("data");
  EXPECT_THAT(message_of([&] { read_run(put("half.json", half.dump())); }),
              HasSubstr("half.json: not a whole report: field 'data': is missing"));
}

TEST_F(Runs, OfATrainingMayEndInTheMiddleOfALine) {
  const std::string line = evaluated(1).dump();
  EXPECT_EQ(read_run(put("metrics.jsonl", line + "\n" + line + "\n{\"st")).report["lines"].size(),
            2u);
  for (const std::string& bad : std::vector<std::string>{
           "{\"st\n", "[]\n", "{\"step\": []}\n", "{\"step\": 1, \"step\": 2}\n",
           "{\"x\": " + std::string(100'000, '[') + "\n"})
    EXPECT_THAT(message_of([&] { read_run(put("metrics.jsonl", line + "\n" + bad + line)); }),
                HasSubstr("metrics.jsonl: line 2: "));
}

}  // namespace sections_test
}  // namespace assay::tools::page
