#include "tasks/two_sat/programs.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <random>
#include <stdexcept>
#include <vector>

#include "sat2/masks.h"
#include "tasks/two_sat/tokens.h"
#include "tests/tasks/two_sat/spell_programs.h"

namespace assay::tasks::two_sat {
namespace programs_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

circuits::Operation operation(int64_t variables, const std::vector<Program>& programs) {
  return {.name = "truth_table_programs",
          .parameters = {{"variables", variables}, {"programs", programs}},
          .tensors = {}};
}

/// What the node `evaluate` computes of formulas with the same number of clauses: [formula,
/// program].
at::Tensor values(const std::vector<sat2::Formula>& formulas,
                  const std::vector<Program>& programs) {
  const Tokens tokens{formulas.at(0).variables};
  std::vector<int64_t> literals;
  for (const sat2::Formula& formula : formulas)
    for (const sat2::Clause& clause : formula.clauses)
      literals.insert(literals.end(), {tokens.literal(clause.left), tokens.literal(clause.right)});
  const at::Tensor clauses =
      torch::tensor(literals, torch::kInt64).view({static_cast<int64_t>(formulas.size()), -1, 2});
  return truth_table_programs(operation(tokens.variables, programs))({clauses});
}

sat2::Formula random_formula(int variables, int clauses, std::mt19937_64& random) {
  const auto all = sat2::all_clauses(variables);
  sat2::Formula formula{variables, {}};
  for (int c = 0; c < clauses; ++c) formula.clauses.push_back(all[random() % all.size()]);
  return formula;
}

Program random_program(int assignments, int depth, std::mt19937_64& random) {
  if (random() % 4 == 0) {
    std::vector<int> set;
    for (int a = 0; a < assignments; ++a)
      if (random() % 3 == 0) set.push_back(a);
    return any_of(set);
  }
  if (depth == 0) return random() % 2 == 0;
  return ask(static_cast<int>(random() % assignments),
             random_program(assignments, depth - 1, random),
             random_program(assignments, depth - 1, random));
}

TEST(TruthTablePrograms, ReadAnAbsentClauseAsTrueUnderEveryAssignment) {
  std::mt19937_64 random(3);
  const Tokens tokens{3};
  const auto absent = at::full({1, 2, 2}, tokens.padding(), torch::kInt64);
  for (int i = 0; i < 20; ++i) {
    const sat2::Formula formula = random_formula(3, 3, random);
    const std::vector<Program> programs = {random_program(8, 2, random), any_of({0, 5})};
    std::vector<int64_t> literals;
    for (const auto& [left, right] : formula.clauses)
      literals.insert(literals.end(), {tokens.literal(left), tokens.literal(right)});
    const at::Tensor clauses = torch::tensor(literals, torch::kInt64).view({1, -1, 2});
    const circuits::Function evaluate = truth_table_programs(operation(3, programs));
    EXPECT_TRUE(evaluate({at::cat({absent, clauses}, 1)}).equal(evaluate({clauses})));
  }
}

TEST(TruthTablePrograms, ComputeTheTruthTableThatMasksSay) {
  std::mt19937_64 random(1);
  for (int variables = 2; variables <= 6; ++variables) {
    std::vector<Program> each;  // one per assignment
    for (int a = 0; a < 1 << variables; ++a) each.push_back(any_of({a}));
    for (const int clauses : {1, 4, 10}) {
      std::vector<sat2::Formula> formulas;
      for (int i = 0; i < 10; ++i) formulas.push_back(random_formula(variables, clauses, random));
      const at::Tensor bits = values(formulas, each);
      ASSERT_EQ(bits.scalar_type(), torch::kBool);
      for (int i = 0; i < 10; ++i) {
        uint64_t table = 0;
        for (int a = 0; a < 1 << variables; ++a)
          table |= static_cast<uint64_t>(bits[i][a].item<bool>()) << a;
        EXPECT_EQ(table, sat2::satisfying(formulas[i]));
      }
    }
  }
}

TEST(TruthTablePrograms, AgreeWithTheValueOfEachProgram) {
  std::mt19937_64 random(2);
  for (int variables = 2; variables <= 6; ++variables) {
    std::vector<Program> programs = {true, false, any_of({})};
    for (int i = 0; i < 8; ++i) programs.push_back(random_program(1 << variables, 3, random));
    std::vector<sat2::Formula> formulas;
    for (int i = 0; i < 30; ++i) formulas.push_back(random_formula(variables, 3, random));
    const at::Tensor bits = values(formulas, programs);
    for (size_t i = 0; i < formulas.size(); ++i)
      for (size_t p = 0; p < programs.size(); ++p)
        EXPECT_EQ(bits[i][p].item<bool>(), value_of(programs[p], sat2::satisfying(formulas[i])))
            << programs[p];
  }
}

TEST(TruthTablePrograms, AreCheckedWhenTheyAreMade) {
  EXPECT_THAT([] { truth_table_programs(operation(2, {any_of({4})})); },
              ThrowsMessage<std::invalid_argument>("assignment 4 is out of range [0, 4)"));
  EXPECT_THAT([] { truth_table_programs(operation(2, {ask(0, ask(-1, true, false), true)})); },
              ThrowsMessage<std::invalid_argument>("assignment -1 is out of range [0, 4)"));
  EXPECT_THAT([] { truth_table_programs(operation(7, {true})); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("expected 1 to 6, got 7")));
  EXPECT_THAT([] { truth_table_programs(operation(0, {true})); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("expected 1 to 6, got 0")));
  const auto ill_formed = HasSubstr("operation 'truth_table_programs': ");
  EXPECT_THAT([] { truth_table_programs({.name = "truth_table_programs", .tensors = {}}); },
              ThrowsMessage<std::invalid_argument>(ill_formed));
  EXPECT_THAT(
      [] {
        truth_table_programs(operation(2, {{{"assignment", 1}, {"yes", true}}}));
      },
      ThrowsMessage<std::invalid_argument>(ill_formed));
  EXPECT_THAT([] { truth_table_programs(operation(2, {3})); },
              ThrowsMessage<std::invalid_argument>(ill_formed));
}

TEST(ValueOf, DisjunctionsIsWhetherTableAndSetMeetOnEveryTable) {
  for (uint64_t set = 0; set < 16; ++set) {
    std::vector<int> members;
    for (int a = 0; a < 4; ++a)
      if (set >> a & 1) members.push_back(a);
    for (uint64_t table = 0; table < 16; ++table)
      EXPECT_EQ(value_of(any_of(members), table), (set & table) != 0);
  }
}

TEST(ValueOf, TreesByHandOnEveryTable) {
  const Program tree = ask(3, ask(0, true, false), ask(2, false, true));
  for (uint64_t table = 0; table < 16; ++table) {
    const bool expected = table & 8 ? (table & 1) != 0 : (table & 4) == 0;
    EXPECT_EQ(value_of(tree, table), expected) << table;
  }
}

TEST(Programs, AreSpelledOutWithTheirAssignments) {
  EXPECT_EQ(in_words(Program(true), 2), "on");
  EXPECT_EQ(in_words(Program(false), 2), "off");
  EXPECT_EQ(in_words(any_of({}), 2), "off");
  EXPECT_EQ(in_words(any_of({0, 3}), 2),
            "if any of the assignments 0 (x0=0 x1=0), 3 (x0=1 x1=1) satisfies the clauses: on, "
            "else off");
  EXPECT_EQ(in_words(ask(1, true, ask(2, false, true)), 2),
            "if assignment 1 (x0=1 x1=0) satisfies the clauses: on, else (if assignment 2 (x0=0 "
            "x1=1) satisfies the clauses: off, else on)");
  EXPECT_EQ(in_words(ask(0, any_of({1}), false), 1),
            "if assignment 0 (x0=0) satisfies the clauses: (if assignment 1 (x0=1) satisfies the "
            "clauses: on, else off), else off");
}

}  // namespace programs_test
}  // namespace assay::tasks::two_sat
