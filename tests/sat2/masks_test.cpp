#include "sat2/masks.h"

#include <gmock/gmock.h>

#include <bit>
#include <random>
#include <stdexcept>

#include "sat2/sampler.h"

namespace assay::sat2 {
namespace masks_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::ThrowsMessage;

TEST(Masks, HaveOneBitPerAssignment) {
  EXPECT_EQ(all_assignments(1), 0b11);
  EXPECT_EQ(all_assignments(5), 0xFFFFFFFF);
  EXPECT_EQ(all_assignments(6), ~Mask{0});
  EXPECT_THAT([] { all_assignments(7); },
              ThrowsMessage<std::invalid_argument>("variables: expected 1 to 6, got 7"));
}

TEST(Masks, SetBitAOfLiteralXiIffBitIOfAIsSet) {
  for (int variables = 1; variables <= kMaxVariables; ++variables) {
    for (int i = 0; i < variables; ++i) {
      for (int a = 0; a < 1 << variables; ++a) {
        EXPECT_EQ(satisfying(Literal{i, false}, variables) >> a & 1, a >> i & 1);
      }
      EXPECT_EQ(satisfying(Literal{i, true}, variables),
                all_assignments(variables) & ~satisfying(Literal{i, false}, variables));
    }
  }
  EXPECT_THAT(
      [] {
        satisfying(Literal{5, false}, 5);
      },
      ThrowsMessage<std::invalid_argument>("x5 is out of range, expected x0 to x4"));
}

TEST(Masks, OfClauseAndFormulaByHand) {
  // Assignments of (x1, x0) from 0 to 3: 00, 01, 10, 11.
  const Clause either = {{0, false}, {1, false}};  // all but 00
  const Clause implied = {{0, true}, {1, false}};  // all but x0=1 x1=0
  EXPECT_EQ(satisfying(either, 2), 0b1110);
  EXPECT_EQ(satisfying(implied, 2), 0b1101);
  EXPECT_EQ(satisfying(Formula{2, {either, implied}}), 0b1100);
  EXPECT_EQ(satisfying(Formula{2, {}}), 0b1111);
}

TEST(Masks, EachClauseOverFiveVariablesIsFalseUnderAQuarterOfTheAssignments) {
  const auto clauses = all_clauses(5);
  ASSERT_EQ(clauses.size(), 40);
  for (const Clause& clause : clauses) EXPECT_EQ(std::popcount(satisfying(clause, 5)), 32 - 8);
}

TEST(Masks, TakeAllFourClausesOverAPairToRefute) {
  Formula formula{2, all_clauses(2)};
  EXPECT_FALSE(satisfiable_by_masks(formula));
  formula.clauses.pop_back();
  EXPECT_TRUE(satisfiable_by_masks(formula));
}

TEST(Masks, FindTheShareOfSatisfiableFormulasThatThePaperReports) {
  const auto clauses = all_clauses(5);
  std::mt19937_64 random(1);
  std::uniform_int_distribution<size_t> pick(0, clauses.size() - 1);
  constexpr int kFormulas = 200'000;  // standard error 0.1%
  int satisfiable = 0;
  Formula formula{5, std::vector<Clause>(10)};
  for (int i = 0; i < kFormulas; ++i) {
    for (Clause& clause : formula.clauses) clause = clauses[pick(random)];
    satisfiable += satisfiable_by_masks(formula);
  }
  EXPECT_NEAR(satisfiable / double{kFormulas}, 0.738, 0.005);
}

TEST(MinimalUnsatisfiableSubset, OmitsWhatIsNotNeeded) {
  Formula formula{3, all_clauses(2)};
  formula.clauses.insert(formula.clauses.begin() + 1, {{{1, false}, {2, false}}});
  EXPECT_THAT(minimal_unsatisfiable_subset_by_masks(formula), ElementsAre(0, 2, 3, 4));
  formula.clauses.pop_back();
  EXPECT_THAT(minimal_unsatisfiable_subset_by_masks(formula), IsEmpty());
}

TEST(MinimalUnsatisfiableSubset, NeedsEachOfItsClauses) {
  const Sampler sampler({}, Split::Train, /*seed=*/1);
  for (uint64_t i = 0; i < 1000; ++i) {
    const Formula formula = sampler.draw(i);
    Formula subset{formula.variables, {}};
    for (const int c : minimal_unsatisfiable_subset_by_masks(formula)) {
      subset.clauses.push_back(formula.clauses[c]);
    }
    EXPECT_EQ(satisfiable_by_masks(subset), satisfiable_by_masks(formula));
    for (size_t c = 0; c < subset.clauses.size(); ++c) {
      Formula smaller = subset;
      smaller.clauses.erase(smaller.clauses.begin() + c);
      EXPECT_TRUE(satisfiable_by_masks(smaller));
    }
  }
}

TEST(Assignment, IsSpelledFromX0Upwards) {
  EXPECT_EQ(assignment_to_string(0b00001, 5), "x0=1 x1=0 x2=0 x3=0 x4=0");
  EXPECT_EQ(assignment_to_string(0b10, 2), "x0=0 x1=1");
}

}  // namespace masks_test
}  // namespace assay::sat2
