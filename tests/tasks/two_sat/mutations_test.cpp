#include "tasks/two_sat/mutations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "circuits/interpretation/operations.h"
#include "circuits/interpretation/program.h"
#include "interp/network/build.h"
#include "tasks/mutations.h"
#include "tasks/two_sat/programs.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks::two_sat {
namespace mutations_test {

using circuits::Interpretation;
using circuits::Node;
using interp::message_of;
using testing::HasSubstr;
using testing::StartsWith;

/// Of a random network, with programs that we know: neuron 0 alone asks for assignment 0, the
/// others share the rest, and the last has a tree of two questions. What is mutated need not be
/// true.
Interpretation with_known_programs(const std::string& variant) {
  Interpretation interpretation = small_task()
                                      ->need<Interpretations>()
                                      .derive(*small_model(), {.variant = variant, .inputs = 500})
                                      .interpretation;
  Node& node = interpretation.nodes.at(1);
  std::vector<Program> programs(node.reads.at(0).neurons.size());
  for (size_t i = 0; i < programs.size(); ++i) {
    const size_t a = i == 0 ? 0 : 1 + i % 7;
    programs[i] = {{"any_of", {a}}};
    if (variant == "trees") programs[i] = {{"assignment", a}, {"yes", true}, {"no", false}};
  }
  if (variant == "trees")
    programs.back()["yes"] = {{"assignment", 0}, {"yes", false}, {"no", true}};
  node.h.parameters["programs"] = programs;
  return interpretation;
}

Interpretation mutated(const std::string& name, uint64_t seed,
                       const Interpretation& interpretation) {
  return circuits::mutate(circuits::mutations_for(tasks::mutations(), interpretation), name,
                          interpretation, seed);
}

const Node& evaluate(const Interpretation& interpretation) {
  return interpretation.nodes.at(1);
}

std::vector<Program> programs(const Interpretation& interpretation) {
  return circuits::parameter<std::vector<Program>>(evaluate(interpretation).h, "programs");
}

/// Truth tables on which two programs differ: all 2^8 of three variables are tried.
int differing_tables(const Program& left, const Program& right) {
  int count = 0;
  for (uint64_t table = 0; table < 256; ++table)
    count += value_of(left, table) != value_of(right, table);
  return count;
}

std::vector<size_t> changed_programs(const Interpretation& before, const Interpretation& after) {
  std::vector<size_t> changed;
  for (size_t i = 0; i < programs(before).size(); ++i)
    if (programs(before)[i] != programs(after)[i]) changed.push_back(i);
  return changed;
}

TEST(SwapAssignments, ChangesWhatExactlyTwoNeuronsAskFor) {
  for (const std::string variant : {"trees", "disjunction"}) {
    const Interpretation before = with_known_programs(variant);
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Interpretation after = mutated("swap-assignments", seed, before);
      const auto changed = changed_programs(before, after);
      ASSERT_EQ(changed.size(), 2u);
      for (const size_t i : changed)
        EXPECT_GT(differing_tables(programs(before)[i], programs(after)[i]), 0);
    }
  }
}

TEST(FlipLeaf, TurnsOneLeafOfOneTreeAround) {
  const Interpretation before = with_known_programs("trees");
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Interpretation after = mutated("flip-leaf", seed, before);
    const auto changed = changed_programs(before, after);
    ASSERT_EQ(changed.size(), 1u);
    const auto difference =
        nlohmann::json::diff(programs(before)[changed[0]], programs(after)[changed[0]]);
    ASSERT_EQ(difference.size(), 1u);
    EXPECT_TRUE(difference[0].at("value").is_boolean());
  }
  EXPECT_THAT(message_of([] { mutated("flip-leaf", 0, with_known_programs("disjunction")); }),
              HasSubstr("no neuron's program is a decision tree; those that do: blind-alpha"));
}

TEST(DropNeuron, LeavesOutOneThatAnAssignmentNeeds) {
  const Interpretation before = with_known_programs("disjunction");
  const auto covered = [](const std::vector<Program>& all) {
    int count = 0;
    for (int a = 0; a < 8; ++a)
      count += std::ranges::any_of(
          all, [&](const Program& program) { return value_of(program, uint64_t{1} << a); });
    return count;
  };
  const Interpretation after = mutated("drop-neuron", 0, before);
  const Node& node = evaluate(after);
  const auto neurons = circuits::parameter<std::vector<int64_t>>(node.gamma, "neurons");
  EXPECT_EQ(programs(after).size(), programs(before).size() - 1);
  EXPECT_EQ(neurons.size(), programs(after).size());
  EXPECT_EQ(node.reads.at(0).neurons, neurons);
  EXPECT_EQ(node.alpha.tensors.at("thresholds").size(0), node.gamma.tensors.at("on").size(0));
  EXPECT_LT(covered(programs(after)), covered(programs(before)));
  EXPECT_NO_THROW(circuits::compile(after, all_operations(), interp::describe(small_config())));
}

/// The clauses of formulas that are all different, int64 [formula, clause, 2].
at::Tensor different_clauses() {
  const auto task = small_task();
  const at::Tensor tokens = task->sample(Part::Test, 1, 0, 20000).tokens;
  std::set<std::string> seen;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < tokens.size(0); ++i)
    if (seen.insert(task->to_text(tokens[i])).second) rows.push_back(i);
  const at::Tensor positions = torch::tensor({1, 2, 5, 6, 9, 10, 13, 14}, torch::kInt64);
  return tokens.index_select(0, torch::tensor(rows, torch::kInt64))
      .index_select(1, positions)
      .view({-1, kClauses, 2});
}

TEST(FlippedSigns, FlipsTheSignOfOneLiteralInTheShareAskedFor) {
  const at::Tensor clauses = different_clauses();
  const auto noisy = [](double rate, uint64_t seed) {
    return flipped_signs({.name = "flipped_signs",
                          .parameters = {{"variables", kVariables}, {"rate", rate}, {"seed", seed}},
                          .tensors = {}});
  };
  const at::Tensor after = noisy(0.01, 1)({clauses});
  const at::Tensor changed = after.ne(clauses);
  EXPECT_LE(changed.sum(2).max().item<int64_t>(), 1);
  const auto coins = static_cast<double>(clauses.size(0) * kClauses);
  EXPECT_NEAR(changed.any(2).to(torch::kFloat64).mean().item<double>(), 0.01,
              5 * std::sqrt(0.01 * 0.99 / coins));
  EXPECT_TRUE(after.remainder(kVariables).equal(clauses.remainder(kVariables)));
  EXPECT_FALSE(noisy(0.01, 2)({clauses}).equal(after));
  EXPECT_TRUE(noisy(0, 1)({clauses}).equal(clauses));
  for (const auto& [first, count] : {std::pair{0, 1}, {17, 300}})
    EXPECT_TRUE(
        noisy(0.01, 1)({clauses.narrow(0, first, count)}).equal(after.narrow(0, first, count)));
}

// Formulas of fewer clauses are padded: where nothing stands, no sign can be flipped.
TEST(FlippedSigns, LeavesClausesThatAreNotThere) {
  const int64_t padding = Tokens{kVariables}.padding();
  const std::vector<int64_t> tokens = {padding, padding, 0, 1};
  const at::Tensor some = torch::tensor(tokens, torch::kInt64).view({1, 2, 2});
  const auto all_flipped =
      flipped_signs({.name = "flipped_signs",
                     .parameters = {{"variables", kVariables}, {"rate", 1.0}, {"seed", 1}},
                     .tensors = {}});
  const at::Tensor after = all_flipped({some.expand({20, 2, 2})});
  EXPECT_TRUE(after.select(1, 0).eq(padding).all().item<bool>());
  EXPECT_TRUE(after.select(1, 1).ne(some.select(1, 1)).any(1).all().item<bool>());
}

TEST(TwoSatMutations, SayWhatWasChangedAndSurviveAFile) {
  const interp::TransformerConfig config = small_config();
  const Interpretation before = with_known_programs("trees");
  for (const std::string& name :
       circuits::applicable(circuits::mutations_for(tasks::mutations(), before), before)) {
    const Interpretation after = mutated(name, 1, before);
    EXPECT_THAT(after.title, StartsWith(before.title + "; mutated: "));
    EXPECT_NO_THROW(circuits::compile(after, all_operations(), interp::describe(config))) << name;
    EXPECT_EQ(mutated(name, 1, before).title, after.title);
  }
}

// A mutated interpretation can be mutated again: functions of functions are taken apart.
TEST(TwoSatMutations, AddUp) {
  const Interpretation noisy = mutated("noisy-clauses", 0, with_known_programs("trees"));
  const Interpretation both = mutated("whole-network", 0, noisy);
  EXPECT_EQ(both.nodes.at(0).h.parameters.at("steps").size(), 4u);
  const auto program = circuits::compile(both, all_operations(), interp::describe(small_config()));
  const at::Tensor tokens = small_task()->sample(Part::Test, 1, 0, 50).tokens;
  const auto separate =
      circuits::compile(noisy, all_operations(), interp::describe(small_config()));
  at::Tensor value = tokens;
  for (const auto& step : separate.steps) value = step.h({value});
  EXPECT_TRUE(program.steps.at(0).h({tokens}).equal(value));
}

}  // namespace mutations_test
}  // namespace assay::tasks::two_sat
