#include "sat2/changes.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sat2/masks.h"
#include "sat2/referee.h"
#include "sat2/sampler.h"

namespace assay::sat2 {
namespace changes_test {

int literals_that_differ(const Formula& a, const Formula& b) {
  int count = 0;
  for (size_t i = 0; i < a.clauses.size(); ++i)
    count += (a.clauses[i].left != b.clauses[i].left) + (a.clauses[i].right != b.clauses[i].right);
  return count;
}

TEST(Changes, DifferAsAskedAndTurnTheAnswerAroundAsZ3Confirms) {
  const Sampler sampler({.variables = 4, .min_clauses = 7, .max_clauses = 7}, Split::Test, 5);
  for (uint64_t i = 0; i < 12; ++i) {
    const Formula formula = sampler.draw(i);
    for (const Change change : {Change::Literal, Change::Clause}) {
      const std::vector<Formula> changed = answer_changing(formula, change);
      for (size_t j = 0; j < changed.size(); j += 7) {
        EXPECT_EQ(literals_that_differ(formula, changed[j]), change == Change::Literal ? 1 : 2);
        EXPECT_NE(rule(formula).satisfiable, rule(changed[j]).satisfiable);
      }
    }
  }
}

// Brute force over every formula of the domain.
TEST(Changes, AreAllThereAre) {
  const std::vector<Clause> clauses = all_clauses(2);
  const Formula formula{2, {clauses[0], clauses[1], clauses[2], clauses[3]}};  // unsatisfiable
  std::vector<Formula> expected;
  for (size_t i = 0; i < 4; ++i)
    for (const Clause& clause : clauses) {
      Formula other = formula;
      other.clauses[i] = clause;
      if (literals_that_differ(formula, other) == 1 && satisfiable_by_masks(other))
        expected.push_back(other);
    }
  ASSERT_EQ(expected.size(),
            8u);  // each clause has two neighbours, and any repetition leaves a model
  const std::vector<Formula> changed = answer_changing(formula, Change::Literal);
  ASSERT_EQ(changed.size(), expected.size());
  for (const Formula& one : changed) EXPECT_THAT(expected, testing::Contains(one));
}

TEST(Changes, OfAFormulaFarFromTheOtherAnswerAreNone) {
  const std::vector<Clause> clauses = all_clauses(3);
  EXPECT_TRUE(answer_changing({3, {clauses[0], clauses[0]}}, Change::Literal).empty());
  EXPECT_TRUE(answer_changing({3, {clauses[0], clauses[0]}}, Change::Clause).empty());
}

}  // namespace changes_test
}  // namespace assay::sat2
