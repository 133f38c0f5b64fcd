#include "sat2/referee.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "sat2/implication_graph.h"
#include "sat2/masks.h"

namespace assay::sat2 {
namespace referee_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

std::vector<Formula> all_sets_of_clauses(int variables) {
  const auto clauses = all_clauses(variables);
  std::vector<Formula> formulas;
  for (size_t set = 0; set < size_t{1} << clauses.size(); ++set) {
    Formula formula{variables, {}};
    for (size_t c = 0; c < clauses.size(); ++c) {
      if (set >> c & 1) formula.clauses.push_back(clauses[c]);
    }
    formulas.push_back(formula);
  }
  return formulas;
}

std::vector<Formula> random_formulas(int count) {
  const auto clauses = all_clauses(5);
  std::mt19937_64 random(2);
  std::uniform_int_distribution<size_t> pick(0, clauses.size() - 1);
  std::vector<Formula> formulas(count, Formula{5, std::vector<Clause>(10)});
  for (Formula& formula : formulas) {
    for (Clause& clause : formula.clauses) clause = clauses[pick(random)];
  }
  return formulas;
}

void expect_three_ways_agree(const std::vector<Formula>& formulas) {
  const std::vector<bool> rulings = satisfiable_by_z3(formulas);
  ASSERT_EQ(rulings.size(), formulas.size());
  for (size_t i = 0; i < formulas.size(); ++i) {
    ASSERT_EQ(satisfiable_by_masks(formulas[i]), rulings[i]) << "formula " << i;
    ASSERT_EQ(satisfy_by_components(formulas[i]).has_value(), rulings[i]) << "formula " << i;
  }
}

void expect_model(const Formula& formula, const std::vector<bool>& model) {
  ASSERT_THAT(model, SizeIs(formula.variables));
  int assignment = 0;
  for (int i = 0; i < formula.variables; ++i) assignment |= model[i] << i;
  EXPECT_TRUE(satisfying(formula) >> assignment & 1);
}

void expect_minimal_core(const Formula& formula, const std::vector<int>& core) {
  Formula subset{formula.variables, {}};
  for (const int i : core) subset.clauses.push_back(formula.clauses.at(i));
  EXPECT_FALSE(satisfiable_by_masks(subset));
  EXPECT_TRUE(std::ranges::is_sorted(core));
  for (size_t i = 0; i < core.size(); ++i) {
    Formula smaller = subset;
    smaller.clauses.erase(smaller.clauses.begin() + i);
    EXPECT_TRUE(satisfiable_by_masks(smaller)) << "clause " << core[i] << " is not needed";
  }
}

TEST(Referee, AgreesWithMasksAndComponentsOnEverySetOfClausesOverThreeVariables) {
  const auto formulas = all_sets_of_clauses(3);
  ASSERT_THAT(formulas, SizeIs(4096));
  expect_three_ways_agree(formulas);
}

TEST(Referee, AgreesWithMasksAndComponentsOnRandomFormulas) {
  expect_three_ways_agree(random_formulas(10'000));
}

TEST(Referee, ExplainsItsRulings) {
  for (const Formula& formula : random_formulas(100)) {
    const Ruling ruling = rule(formula);
    ASSERT_EQ(ruling.satisfiable, satisfiable_by_masks(formula));
    if (ruling.satisfiable) {
      expect_model(formula, ruling.model);
      EXPECT_THAT(ruling.unsatisfiable_core, IsEmpty());
    } else {
      expect_minimal_core(formula, ruling.unsatisfiable_core);
      EXPECT_THAT(ruling.model, IsEmpty());
    }
  }
}

TEST(Referee, NamesTheClausesThatAContradictionNeeds) {
  Formula formula{3, all_clauses(2)};
  formula.clauses.insert(formula.clauses.begin() + 1, {{{1, false}, {2, false}}});
  EXPECT_THAT(rule(formula).unsatisfiable_core, ElementsAre(0, 2, 3, 4));
}

TEST(Referee, NeedsOneOfTwoEqualClauses) {
  Formula formula{2, all_clauses(2)};
  formula.clauses.push_back(formula.clauses.front());
  const Ruling ruling = rule(formula);
  EXPECT_THAT(ruling.unsatisfiable_core, SizeIs(4));
  expect_minimal_core(formula, ruling.unsatisfiable_core);
}

TEST(Referee, SatisfiesTheEmptyFormula) {
  EXPECT_TRUE(rule({2, {}}).satisfiable);
  EXPECT_THAT(rule({2, {}}).model, SizeIs(2));
}

TEST(Referee, RefusesAnInvalidFormula) {
  const Formula formula{2, {{{1, false}, {1, true}}}};
  const auto refusal = ThrowsMessage<std::invalid_argument>(
      "clause 1: x1 occurs twice, expected two different variables");
  EXPECT_THAT([&] { rule(formula); }, refusal);
  EXPECT_THAT([&] { satisfiable_by_z3({formula}); }, refusal);
}

}  // namespace referee_test
}  // namespace assay::sat2
