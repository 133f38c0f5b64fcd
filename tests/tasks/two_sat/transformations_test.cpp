// That answers are kept, by truth tables on 10,000 formulas, is in conformance.h.

#include "tasks/two_sat/transformations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sat2/referee.h"
#include "tasks/two_sat/tokens.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks::two_sat {
namespace transformations_test {

using sat2::Clause;
using sat2::Formula;
using testing::ElementsAre;

Formula changed(const std::string& name, const Formula& formula, uint64_t seed = 1,
                int64_t index = 0) {
  at::Tensor row = at::empty({1, n_ctx(kClauses)}, torch::kInt64);
  write_tokens(formula, kClauses, row.data_ptr<int64_t>());
  for (const Transformation& one : transformations(kVariables))
    if (one.name == name) return formula_of(one.apply(row, seed, index)[0], kVariables);
  throw std::out_of_range(name);
}

std::vector<Formula> formulas(int count) {
  const at::Tensor tokens = small_task()->sample(Part::Test, 5, 0, count).tokens;
  std::vector<Formula> all;
  for (int i = 0; i < count; ++i) all.push_back(formula_of(tokens[i], kVariables));
  return all;
}

bool in_sampler_form(const Formula& formula) {
  return std::ranges::all_of(formula.clauses, [](const Clause& clause) {
    return clause.left.variable < clause.right.variable;
  });
}

TEST(Transformations, AreThoseOfTheTask) {
  std::vector<std::string> names;
  const auto task = small_task();
  for (const Transformation& one : task->need<Transformations>().all) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("swap-literals", "swap-some", "permute-clauses",
                                 "rename-variables", "flip-sign"));
}

TEST(Transformations, SwappingTwiceIsNothing) {
  for (const Formula& formula : formulas(20)) {
    const Formula swapped = changed("swap-literals", formula);
    for (size_t i = 0; i < formula.clauses.size(); ++i) {
      EXPECT_EQ(swapped.clauses[i].left, formula.clauses[i].right);
      EXPECT_EQ(swapped.clauses[i].right, formula.clauses[i].left);
    }
    EXPECT_FALSE(in_sampler_form(swapped));
    EXPECT_EQ(changed("swap-literals", swapped), formula);
  }
}

TEST(Transformations, SwappingSomeSwapsHalfOfTheClauses) {
  const Formula one{kVariables, std::vector<Clause>(kClauses, {{0, false}, {1, true}})};
  int swapped = 0;
  for (int64_t index = 0; index < 500; ++index)
    for (const Clause& clause : changed("swap-some", one, 1, index).clauses)
      swapped += clause.left.variable == 1;
  const double coins = 500.0 * kClauses;
  EXPECT_NEAR(swapped, coins / 2, 5 * std::sqrt(coins / 4));
}

TEST(Transformations, PermutingKeepsTheClausesAndReachesEveryOrder) {
  const auto clauses = sat2::all_clauses(kVariables);
  Formula distinct{kVariables, {clauses[0], clauses[3], clauses[5], clauses[8]}};
  std::ranges::sort(distinct.clauses);
  std::set<std::vector<Clause>> orders;
  for (int64_t index = 0; index < 400; ++index) {
    Formula permuted = changed("permute-clauses", distinct, 1, index);
    orders.insert(permuted.clauses);
    std::ranges::sort(permuted.clauses);
    EXPECT_EQ(permuted, distinct);
  }
  EXPECT_EQ(orders.size(), 24u);  // 4!
}

TEST(Transformations, RenamingKeepsSignsAndFormAndReachesEveryName) {
  const Formula one{kVariables, std::vector<Clause>(kClauses, {{0, false}, {1, true}})};
  std::set<std::vector<Clause>> seen;
  for (int64_t index = 0; index < 200; ++index)
    seen.insert(changed("rename-variables", one, 1, index).clauses);
  EXPECT_EQ(seen.size(), 6u);  // the positive and the negated variable: 3 · 2
  for (const Formula& formula : formulas(50))
    EXPECT_TRUE(in_sampler_form(changed("rename-variables", formula)));
}

TEST(Transformations, FlippingNegatesOneVariableThroughout) {
  for (const Formula& formula : formulas(50)) {
    const Formula flipped = changed("flip-sign", formula);
    std::set<int> variables, kept;
    for (size_t i = 0; i < formula.clauses.size(); ++i) {
      for (const auto side : {&Clause::left, &Clause::right}) {
        const sat2::Literal before = formula.clauses[i].*side, after = flipped.clauses[i].*side;
        EXPECT_EQ(after.variable, before.variable);
        (after.negated != before.negated ? variables : kept).insert(before.variable);
      }
    }
    EXPECT_LE(variables.size(), 1u);
    for (const int variable : variables) EXPECT_FALSE(kept.contains(variable));
  }
}

TEST(Transformations, Z3AgreesThatTheAnswerStays) {
  const std::vector<Formula> before = formulas(40);
  for (const Transformation& one : transformations(kVariables)) {
    std::vector<Formula> after;
    for (const Formula& formula : before) after.push_back(changed(one.name, formula));
    EXPECT_EQ(sat2::satisfiable_by_z3(after), sat2::satisfiable_by_z3(before)) << one.name;
  }
}

}  // namespace transformations_test
}  // namespace assay::tasks::two_sat
