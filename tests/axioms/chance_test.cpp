// What each row would be by chance, and what it is on the inputs of each answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <set>

#include "axioms/node_check.h"
#include "axioms/report.h"
#include "tests/axioms/or_network.h"
#include "tests/axioms/wild_interpretation.h"

namespace assay::axioms {
namespace chance_test {

using circuits::Value;
using statistics::Estimate;

TEST(ChanceTest, PairsHaveNoInputTwiceAndDependOnTheirPlaceAlone) {
  std::set<std::vector<int64_t>> orders;
  for (const int64_t count : {1, 2, 25, 49, 128, 1000}) {
    const auto [own, others] = pairs_of_unrelated(256, count);
    const int64_t n = own.size(0);
    EXPECT_EQ(n, others.size(0));
    EXPECT_EQ(n, std::min(std::max<int64_t>(count / 4, 32), count / 2)) << count;
    const Tensor all = at::cat({own, others});
    EXPECT_EQ(std::get<0>(at::unique_dim(all, 0)).size(0), 2 * n);
    if (n > 0) {
      EXPECT_GE(all.min().item<int64_t>(), 0);
      EXPECT_LT(all.max().item<int64_t>(), count);
    }
    EXPECT_TRUE(own.equal(pairs_of_unrelated(256, count).own));
  }
  EXPECT_FALSE(pairs_of_unrelated(0, 128).own.equal(pairs_of_unrelated(128, 128).own));
}

/// A row of `seen` alone.
Observation only(const Observation& seen, int64_t row) {
  Observation one{.tokens = seen.tokens.narrow(0, row, 1),
                  .actual = {},
                  .prefix = {},
                  .component = {},
                  .decision = seen.decision.narrow(0, row, 1)};
  for (const Value& value : seen.actual) one.actual.push_back(value.narrow(0, row, 1));
  for (const Value& value : seen.prefix) one.prefix.push_back(value.narrow(0, row, 1));
  for (const Value& value : seen.component) one.component.push_back(value.narrow(0, row, 1));
  return one;
}

// Pair by pair, with runs of one input each and by the definitions of the axioms.
TEST(ChanceTest, BruteForceFindsTheSameRates) {
  for (const bool downstream : {false, true}) {
    Interpretation interpretation = wild_interpretation();
    if (downstream) interpretation.nodes[2].equality.name = "downstream";
    const Program program =
        circuits::compile(interpretation, wild_operations(), interp::describe(random_config()));
    const Experiment experiment{random_network(), program, wild_decision()};
    const int64_t inputs = 300, chunk = random_network().inputs_per_run();
    const CheckResult result = check(experiment, digits, {.inputs = inputs});
    std::vector<std::array<Estimate, 4>> expected(program.steps.size());
    for (int64_t first = 0; first < inputs; first += chunk) {
      const int64_t count = std::min(chunk, inputs - first);
      const Observation seen = observe(experiment, digits(first, count));
      const auto [own, others] = pairs_of_unrelated(first, count);
      for (int64_t i = 0; i < own.size(0); ++i) {
        const Observation left = only(seen, own[i].item<int64_t>()),
                          right = only(seen, others[i].item<int64_t>());
        for (size_t v = 0; v < program.steps.size(); ++v) {
          const auto fails = [&](const Tensor& failed) {
            return Estimate{1, failed.item<bool>() ? 1 : 0};
          };
          const auto decision = [&](const Value& value) {
            return replaced_decision(experiment, v, left.tokens, value);
          };
          expected[v][0] += fails(unequal(experiment, v, left, left.actual[v], right.prefix[v]));
          expected[v][1] += fails(unequal(experiment, v, left, left.actual[v], right.component[v]));
          expected[v][2] += fails(left.decision.ne(decision(right.prefix[v])));
          expected[v][3] += fails(left.decision.ne(decision(right.component[v])));
        }
      }
    }
    for (size_t v = 0; v < program.steps.size(); ++v)
      for (const Axiom axiom : kAxioms)
        EXPECT_EQ(result.nodes[v][axiom].unrelated, expected[v][static_cast<size_t>(axiom)])
            << program.steps[v].name << "." << to_string(axiom) << " " << downstream;
  }
}

TEST(ChanceTest, AnswersShareOutTheInputs) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  const CheckResult result = check_or(broken);
  // 9 of 25 inputs hold neither 1 nor 3. `some` fails on the 7 that hold 3 and no 1: all of them
  // "yes".
  const auto& answers = result.nodes[1][Axiom::PE].by_answer;
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers.at(0).estimate, (Estimate{9, 0}));
  EXPECT_EQ(answers.at(1).estimate, (Estimate{16, 7}));
  for (const NodeResult& one : result.nodes)
    for (const Axiom axiom : kAxioms) {
      Counts sum;
      for (const auto& entry : one[axiom].by_answer) sum += entry.second;
      EXPECT_EQ(sum.estimate, one[axiom].estimate);
      EXPECT_EQ(sum.unrelated, one[axiom].unrelated);
    }
}

/// Claims that every rate of a node is at most 1%, where all inputs there are were checked.
Report judged(const Interpretation& interpretation, const std::string& name) {
  Operations all = operations();
  all.equalities.add({"anything", "", [](const circuits::Operation&) -> circuits::Equality {
                        return [](const Value& left, const Value&) {
                          return at::ones({left.size(0)}, at::kBool);
                        };
                      }});
  all.concretisations.add(  // one hidden neuron
      {"write_hidden", "", [](const circuits::Operation&) -> circuits::Concretisation {
         return [](const Value& value) -> circuits::Activations {
           return {value.to(at::kFloat).unsqueeze(1)};
         };
       }});
  const CheckResult result =
      check({or_network(), circuits::compile(interpretation, all, interp::describe(or_config())),
             or_decision()},
            or_inputs, {.inputs = kInputs});
  std::vector<Claim> claims;
  for (const Axiom axiom : kAxioms) claims.push_back({name, axiom, 0.01});
  return make_report(interpretation, result, claims, 0.95, or_network(), 2, Scope::Domain);
}

std::vector<Verdict> verdicts(const Report& report) {
  std::vector<Verdict> all;
  for (const ReportRow& row : report.rows)
    if (row.verdict) all.push_back(*row.verdict);
  return all;
}

TEST(ChanceTest, ATrueInterpretationIsToldFromChance) {
  for (const char* name : {"words", "some", "answer"}) {
    EXPECT_THAT(verdicts(judged(or_interpretation(), name)), testing::Each(Verdict::Holds)) << name;
  }
}

TEST(ChanceTest, AnEqualityThatCallsEverythingEqualShowsNothing) {
  Interpretation cheat = or_interpretation();
  node(cheat, "words").equality.name = "anything";
  node(cheat, "words").h.parameters["positions"] = {{1}, {0}};  // and is wrong
  const Report report = judged(cheat, "words");
  EXPECT_EQ(report.rows[0].estimate.failures, 0);
  EXPECT_THAT(verdicts(report), testing::Contains(Verdict::Undecided).Times(2));
  EXPECT_TRUE(report.rows[0].by_chance && report.rows[1].by_chance);
  EXPECT_EQ(exit_code(report), 3);
}

// Whatever is written there changes nothing, so that PR and CR hold by chance.
TEST(ChanceTest, SitesOnWhichNothingHangsShowNothing) {
  Interpretation cheat = or_interpretation();
  Node& some = node(cheat, "some");
  some.sites = {some.sites[1]};
  some.sites[0].neurons = {1};
  some.reads = {some.sites[0]};
  some.gamma = {.name = "write_hidden", .tensors = {}};
  const Report report = judged(cheat, "some");
  for (const size_t row : {6, 7}) {  // PR and CR
    EXPECT_EQ(report.rows[row].estimate.failures, 0);
    EXPECT_EQ(report.rows[row].unrelated.failures, 0);
    EXPECT_EQ(report.rows[row].verdict, Verdict::Undecided);
    EXPECT_TRUE(report.rows[row].by_chance);
  }
}

}  // namespace chance_test
}  // namespace assay::axioms
