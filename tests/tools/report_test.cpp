#include "axioms/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"
#include "tools/report_text.h"

namespace assay::axioms {
namespace report_test {

using interp::message_of;

const interp::TransformerConfig kConfig{
    .d_vocab = 5, .n_ctx = 3, .d_model = 4, .d_mlp = 4, .n_heads = {1, 1}, .d_head = {4, 4}};

const interp::Transformer& network() {
  static const interp::Transformer transformer(kConfig);
  return transformer;
}

circuits::Node node_at(const std::string& name, const std::string& parent,
                       const interp::Site& site) {
  circuits::Node node;
  node.name = name;
  node.parents = {parent};
  node.sites = {site};
  node.equality.name = "equal";
  return node;
}

circuits::Interpretation two_nodes() {
  circuits::Interpretation two;
  two.nodes = {node_at("stream", circuits::kTokens, {.place = interp::hook::resid_post(0)}),
               node_at("answer", "stream", {.place = interp::hook::mlp_out(1), .positions = {2}})};
  two.nodes[1].evidence.push_back({{"statement", "it works"}});
  two.output = "answer";
  return two;
}

/// 100 inputs; `answer` fails PE 40 times, 30 of them because `stream` was wrong.
CheckResult counts() {
  NodeResult stream{.node = "stream", .axioms = {}}, answer{.node = "answer", .axioms = {}};
  for (const Axiom axiom : kAxioms) {
    stream[axiom].estimate = {.n = 100, .failures = 30};
    answer[axiom].estimate = {.n = 100, .failures = 0};
    stream[axiom].unrelated = answer[axiom].unrelated = {.n = 25, .failures = 25};
  }
  answer[Axiom::PE] = {
      .estimate = {.n = 100, .failures = 40},
      .witnesses = {{.input = 7, .tokens = {1, 2, 3}, .network = 0, .interpretation = 1}},
      .unrelated = {.n = 25, .failures = 25}};
  answer.inherited = 30;
  return {.nodes = {stream, answer}, .inputs = 100, .complete = true};
}

Report report_with(const std::vector<Claim>& claims) {
  return make_report(two_nodes(), counts(), claims, 0.95, network(), 2);
}

TEST(Report, BoundsEachRowAloneAndAllTogether) {
  const Report report = report_with({});
  ASSERT_EQ(report.rows.size(), 8u);
  const ReportRow& row = report.rows[5];  // answer.CE, without a failure
  EXPECT_EQ(row.node, "answer");
  EXPECT_EQ(row.axiom, Axiom::CE);
  EXPECT_NEAR(row.upper, 1 - std::pow(0.05, 1.0 / 100), 1e-12);
  EXPECT_NEAR(row.simultaneous_upper, 1 - std::pow(0.05 / 8, 1.0 / 100), 1e-12);
  EXPECT_EQ(row.lower, 0);
}

TEST(Report, TellsInheritedFromIntroducedFailures) {
  const Report report = report_with({});
  EXPECT_EQ(report.nodes[1].inherited, 30);
  EXPECT_EQ(report.nodes[1].introduced, 10);
  EXPECT_EQ(report.nodes[0].introduced, 30);
}

TEST(Report, TellsWhichCutsArePartialAndWhichNodesCarryNoEvidence) {
  const Report report = report_with({});
  EXPECT_TRUE(report.nodes[0].around.path.empty());   // the whole residual stream
  EXPECT_FALSE(report.nodes[1].around.path.empty());  // the stream goes round the MLP
  EXPECT_FALSE(report.nodes[0].has_evidence);
  EXPECT_TRUE(report.nodes[1].has_evidence);
}

TEST(Report, ExitCodeFollowsTheWorstVerdict) {
  const Claim holds{"answer", Axiom::CE, 0.1}, undecided{"stream", Axiom::CE, 0.3},
      violated{"answer", Axiom::PE, 0.01};
  EXPECT_EQ(exit_code(report_with({})), 0);
  EXPECT_EQ(exit_code(report_with({holds})), 0);
  EXPECT_EQ(exit_code(report_with({holds, undecided})), 3);
  EXPECT_EQ(exit_code(report_with({holds, undecided, violated})), 1);
}

// A row that fails as rarely with the values of unrelated inputs shows nothing.
TEST(Report, WhatIsNoBetterThanChanceDoesNotHold) {
  const Claim claim{"answer", Axiom::CE, 0.1};
  const auto with = [&](const statistics::Estimate& unrelated, Scope scope) {
    CheckResult result = counts();
    result.nodes[1][Axiom::CE].unrelated = unrelated;
    return make_report(two_nodes(), result, {claim}, 0.95, network(), 2, scope);
  };
  for (const Scope scope : {Scope::Distribution, Scope::Domain, Scope::List}) {
    EXPECT_EQ(with({25, 25}, scope).rows[5].verdict, Verdict::Holds);
    for (const statistics::Estimate& unrelated :
         std::vector<statistics::Estimate>{{25, 0}, {0, 0}}) {
      const Report report = with(unrelated, scope);
      EXPECT_EQ(report.rows[5].verdict, Verdict::Undecided);
      EXPECT_TRUE(report.rows[5].by_chance);
      EXPECT_EQ(exit_code(report), 3);
      EXPECT_THAT(verdict_sentence(report), testing::HasSubstr("no better than chance"));
    }
  }
  EXPECT_THAT(with({25, 0}, Scope::Domain).rows[5].because,
              testing::HasSubstr("with the value of an unrelated input on 0% (of 25 pairs): no "
                                 "better than chance"));
  EXPECT_THAT(with({25, 1}, Scope::Distribution).rows[5].because,
              testing::HasSubstr("too few to tell it from chance"));
}

/// 100 inputs, of which 20 have the answer 1; `answer`.CE fails on these alone, on half of them.
CheckResult counts_by_answer() {
  CheckResult result = counts();
  result.nodes[1][Axiom::CE] = {.estimate = {100, 10},
                                .witnesses = {},
                                .unrelated = {25, 25},
                                .by_answer = {{0, {{80, 0}, {15, 15}}}, {1, {{20, 10}, {10, 10}}}}};
  return result;
}

TEST(Report, NamesTheAnswerOnWhichARowFailsMost) {
  const Report report = make_report(two_nodes(), counts_by_answer(), {}, 0.95, network(), 2);
  ASSERT_TRUE(report.rows[5].worst);
  EXPECT_EQ(report.rows[5].worst->answer, 1);
  EXPECT_EQ(report.rows[5].worst->estimate, (statistics::Estimate{20, 10}));
  EXPECT_EQ(report.rows[5].worst->upper, statistics::upper_bound({20, 10}, 0.975));  // of two
  EXPECT_FALSE(report.rows[4].worst);
}

TEST(Report, AClaimMayBeAboutOneAnswer) {
  const Claim all{"answer", Axiom::CE, 0.2}, hard{"answer", Axiom::CE, 0.2, "UNSAT", 1},
      easy{"answer", Axiom::CE, 0.1, "SAT", 0}, absent{"answer", Axiom::CE, 0.1, "other", 2};
  const Report report =
      make_report(two_nodes(), counts_by_answer(), {all, hard, easy, absent}, 0.95, network(), 2);
  ASSERT_EQ(report.rows.size(), 11u);
  EXPECT_EQ(report.rows[5].verdict, Verdict::Holds);
  EXPECT_EQ(report.rows[8].name(), "answer.CE[UNSAT]");
  EXPECT_EQ(report.rows[8].estimate, (statistics::Estimate{20, 10}));
  EXPECT_EQ(report.rows[8].verdict, Verdict::Violated);
  EXPECT_EQ(report.rows[9].estimate, (statistics::Estimate{80, 0}));
  EXPECT_EQ(report.rows[10].estimate.n, 0);  // which no input has
  EXPECT_EQ(report.rows[10].verdict, Verdict::Undecided);
  EXPECT_EQ(message_of([&] {
              make_report(two_nodes(), counts_by_answer(), {hard, hard}, 0.95, network(), 2);
            }),
            "two claims on answer.CE[UNSAT]");
}

TEST(Report, RefusesClaimsOnUnknownNodesAndTwoOnOneRow) {
  EXPECT_EQ(message_of([] {
              report_with({{"nosuch", Axiom::PE, 0.1}});
            }),
            "claim on unknown node 'nosuch'; there are stream, answer");
  EXPECT_EQ(message_of([] {
              report_with({{"answer", Axiom::PE, 0.1}, {"answer", Axiom::PE, 0.2}});
            }),
            "two claims on answer.PE");
}

Report exhaustive_with(const std::vector<Claim>& claims, const CheckResult& result = counts()) {
  return make_report(two_nodes(), result, claims, 0.95, network(), 2, Scope::Domain);
}

TEST(Report, OfEveryInputThereIsTellsTheRateItself) {
  const Report report = exhaustive_with({{"answer", Axiom::PE, 0.4}, {"answer", Axiom::CE, 0}});
  EXPECT_TRUE(report.exact);
  const ReportRow &pe = report.rows[4], &ce = report.rows[5];
  EXPECT_EQ(pe.upper, 0.4);
  EXPECT_EQ(pe.lower, 0.4);
  EXPECT_EQ(pe.simultaneous_upper, 0.4);
  EXPECT_EQ(pe.verdict, Verdict::Holds);
  EXPECT_EQ(ce.verdict, Verdict::Holds);  // no sample could show a rate of zero
  EXPECT_EQ(exhaustive_with({{"answer", Axiom::PE, 0.39}}).rows[4].verdict, Verdict::Violated);
  const auto json = to_json(report);
  EXPECT_EQ(json["exact"], true);
  EXPECT_EQ(json["rows"][4]["exact"], true);
  EXPECT_EQ(json["rows"][4]["rate"], 0.4);
  for (const char* bound : {"upper", "lower", "confidence", "simultaneous_upper"})
    EXPECT_FALSE(json["rows"][4].contains(bound)) << bound;
  EXPECT_EQ(to_json(report_with({}))["exact"], false);
}

TEST(Report, OfAnEnumerationThatWasInterruptedTellsNothingOfTheRest) {
  CheckResult result = counts();
  result.complete = false;
  const Report report = exhaustive_with({{"answer", Axiom::CE, 0.5}}, result);
  EXPECT_FALSE(report.exact);
  EXPECT_EQ(report.rows[5].upper, 1);
  EXPECT_EQ(report.rows[5].lower, 0);
  EXPECT_EQ(report.rows[5].verdict, Verdict::Undecided);
}

TEST(Report, StatesTheEqualityWithItsParameters) {
  circuits::Interpretation rounded = two_nodes();
  rounded.nodes[0].equality = {
      .name = "equal_rounded", .parameters = {{"decimals", 1}}, .tensors = {}};
  const Report report = make_report(rounded, counts(), {}, 0.95, network(), 2);
  EXPECT_EQ(report.nodes[0].equality, "equal_rounded, decimals 1");
  EXPECT_EQ(report.nodes[1].equality, "equal");
}

// What holds by its numbers is no clean "holds" on an interpretation that says nothing.
TEST(Report, CallsClaimsOnAVacuousInterpretationVacuous) {
  const Claim holds{"answer", Axiom::CE, 0.1}, undecided{"stream", Axiom::CE, 0.3},
      violated{"answer", Axiom::PE, 0.01};
  Report report = report_with({holds, undecided, violated});
  const Objection objection{"answer", "one component", "an axiom", "a reason"};
  add_vacuity(report, {});
  EXPECT_EQ(report.rows[5].verdict, Verdict::Holds);
  EXPECT_EQ(to_json(report)["vacuity"], "not found");
  add_vacuity(report, {.objections = {objection}});
  EXPECT_EQ(report.rows[5].verdict, Verdict::Vacuous);
  EXPECT_EQ(report.rows[1].verdict, Verdict::Undecided);
  EXPECT_EQ(report.rows[4].verdict, Verdict::Violated);
  const auto json = to_json(report);
  EXPECT_EQ(json["vacuity"], "found");
  EXPECT_EQ(json["objections"][0]["node"], "answer");
  EXPECT_EQ(json["objections"][0]["kind"], "one component");
  EXPECT_EQ(json["objections"][0]["violates"], "an axiom");
  EXPECT_EQ(json["rows"][5]["verdict"], "vacuous");

  Report held = report_with({holds});
  add_vacuity(held, {.objections = {objection}});
  EXPECT_EQ(exit_code(held), 1);
  Report unclaimed = report_with({});
  add_vacuity(unclaimed, {.objections = {objection}});
  EXPECT_EQ(exit_code(unclaimed), 0);
}

// "Could not tell" is no "holds": of one node, or of everything.
TEST(Report, WithholdsWhatRestsOnSomethingUntested) {
  const std::vector<Claim> claims = {
      {"stream", Axiom::CE, 0.9}, {"answer", Axiom::CE, 0.1}, {"answer", Axiom::PE, 0.01}};
  Report one = report_with(claims);
  add_vacuity(one, {.untested = {{"answer", "its sites are no complete cut"}}});
  EXPECT_EQ(one.rows[1].verdict, Verdict::Holds);  // of the other node
  EXPECT_EQ(one.rows[5].verdict, Verdict::Undecided);
  EXPECT_EQ(one.rows[5].because, "its sites are no complete cut");
  EXPECT_EQ(one.rows[4].verdict, Verdict::Violated);
  EXPECT_EQ(to_json(one)["vacuity"], "not tested");
  EXPECT_THAT(verdict_sentence(one),
              testing::StartsWith("1 of 3 claims holds, 1 is violated, 1 could not be tested. "
                                  "Tested on 100 inputs, with 95% confidence."));
  Report all = report_with({claims[0], claims[1]});
  add_vacuity(all, {.untested = {{"", "one answer"}}});
  EXPECT_EQ(all.rows[1].verdict, Verdict::Undecided);
  EXPECT_EQ(all.rows[5].verdict, Verdict::Undecided);
  EXPECT_EQ(exit_code(all), 3);
}

TEST(Report, OfAListSpeaksOfNoOtherInputs) {
  const Report list = make_report(two_nodes(), counts(), {{"answer", Axiom::PE, 0.4}}, 0.95,
                                  network(), 2, Scope::List);
  EXPECT_TRUE(list.exact);
  EXPECT_EQ(list.rows[4].verdict, Verdict::Holds);
  EXPECT_FALSE(to_json(list)["rows"][4].contains("upper"));
  EXPECT_EQ(to_json(list)["scope"], "list");
  EXPECT_THAT(verdict_sentence(list), testing::HasSubstr("nothing is said of other inputs"));
}

TEST(Report, SaysByWhichEqualityAndWhatIsNotKnown) {
  circuits::Interpretation loose = two_nodes();
  loose.nodes[0].equality.name = "downstream";
  CheckResult result = counts();
  result.nodes[0].plain = std::array{statistics::Estimate{100, 90}, statistics::Estimate{100, 80}};
  const Report report = make_report(loose, result, {}, 0.95, network(), 2);
  EXPECT_EQ(report.rows[0].plain, (statistics::Estimate{100, 90}));
  EXPECT_EQ(report.rows[1].plain, (statistics::Estimate{100, 80}));
  EXPECT_FALSE(report.rows[2].plain || report.rows[4].plain);
  EXPECT_EQ(to_json(report)["rows"][0]["plain_equality"]["rate"], 0.9);
  EXPECT_THAT(verdict_sentence(report), testing::HasSubstr("Values of stream are compared by their "
                                                           "effect on the answer (downstream)"));
  EXPECT_THAT(verdict_sentence(report), testing::HasSubstr("not known what the interpretation was "
                                                           "fitted on"));
  loose.fitted_on = {{"part", "derive"}, {"seed", 0}, {"count", 10}};
  EXPECT_TRUE(make_report(loose, result, {}, 0.95, network(), 2).remarks.empty());
}

TEST(Report, AnInterruptedRunIsPartial) {
  CheckResult result = counts();
  result.complete = false;
  EXPECT_TRUE(make_report(two_nodes(), result, {}, 0.95, network(), 2).partial);
}

TEST(Report, WritesTheRowsThatTheFormatPromises) {
  const auto json = to_json(report_with({{"answer", Axiom::PE, 0.01}}));
  EXPECT_EQ(json["schema"], 4);
  EXPECT_EQ(json["partial"], false);
  EXPECT_EQ(json["nodes"][0]["complete_cut"], true);
  const auto& row = json["rows"][4];
  for (const char* field : {"node", "axiom", "n", "failures", "rate", "upper", "lower",
                            "confidence", "simultaneous_upper", "claim", "verdict", "witnesses"}) {
    EXPECT_TRUE(row.contains(field)) << field;
  }
  EXPECT_EQ(row["node"], "answer");
  EXPECT_EQ(row["axiom"], "PE");
  EXPECT_EQ(row["rate"], 0.4);
  EXPECT_EQ(row["verdict"], "violated");
  EXPECT_EQ(row["witnesses"][0]["tokens"], (std::vector<int64_t>{1, 2, 3}));
  EXPECT_FALSE(json["rows"][0].contains("claim"));
}

}  // namespace report_test
}  // namespace assay::axioms
