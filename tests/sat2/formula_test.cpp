#include "sat2/formula.h"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

namespace assay::sat2 {
namespace formula_test {

using testing::ElementsAre;
using testing::ThrowsMessage;

void expect_refused(const Formula& formula, const char* message) {
  EXPECT_THAT([&] { validate(formula); }, ThrowsMessage<std::invalid_argument>(message));
}

TEST(Formula, ValidatesWhatHasTwoDifferentVariablesPerClause) {
  EXPECT_NO_THROW(validate(Formula{1, {}}));
  EXPECT_NO_THROW(validate(Formula{3, {{{0, true}, {2, false}}, {{2, false}, {1, true}}}}));
}

TEST(Formula, RefusalsNameClauseAndExpectation) {
  const Clause good = {{0, false}, {1, true}};
  expect_refused({0, {}}, "variables: expected 1 to 6, got 0");
  expect_refused({7, {}}, "variables: expected 1 to 6, got 7");
  expect_refused({5, {good, {{5, false}, {0, false}}}},
                 "clause 2: x5 is out of range, expected x0 to x4");
  expect_refused({5, {{{0, false}, {-1, false}}}},
                 "clause 1: x-1 is out of range, expected x0 to x4");
  expect_refused({5, {good, good, {{1, true}, {1, false}}}},
                 "clause 3: x1 occurs twice, expected two different variables");
}

TEST(AllClauses, ComeInTheDocumentedOrder) {
  EXPECT_THAT(all_clauses(2),
              ElementsAre(Clause{{0, false}, {1, false}}, Clause{{0, false}, {1, true}},
                          Clause{{0, true}, {1, false}}, Clause{{0, true}, {1, true}}));
  const auto clauses = all_clauses(3);
  EXPECT_EQ(clauses[4], (Clause{{0, false}, {2, false}}));
  EXPECT_EQ(clauses[11], (Clause{{1, true}, {2, true}}));
}

TEST(AllClauses, AreFourPerPairOfVariablesAllDifferentAndValid) {
  for (int variables = 1; variables <= kMaxVariables; ++variables) {
    const auto clauses = all_clauses(variables);
    EXPECT_EQ(clauses.size(), 4 * variables * (variables - 1) / 2);
    EXPECT_EQ(std::set(clauses.begin(), clauses.end()).size(), clauses.size());
    EXPECT_NO_THROW(validate(Formula{variables, clauses}));
  }
  EXPECT_EQ(all_clauses(5).size(), 40);  // 10 pairs * 4 signs
}

TEST(AllClauses, RefuseMoreVariablesThanAMaskHolds) {
  EXPECT_THAT([] { all_clauses(7); },
              ThrowsMessage<std::invalid_argument>("variables: expected 1 to 6, got 7"));
}

}  // namespace formula_test
}  // namespace assay::sat2
