#include "sat2/text.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "sat2/sampler.h"

namespace assay::sat2 {
namespace text_test {

using testing::ThrowsMessage;

const Formula kExample = {4, {{{0, false}, {1, true}}, {{3, false}, {2, false}}}};

void expect_refused(const char* text, const char* message, int variables = 5) {
  EXPECT_THAT([&] { parse_formula(text, variables); },
              ThrowsMessage<std::invalid_argument>(message))
      << text;
}

TEST(Text, SpellsTheTokensOfTheNetwork) {
  EXPECT_EQ(to_string(Literal{3, false}), "x3");
  EXPECT_EQ(to_string(Literal{3, true}), "Not(x3)");
  EXPECT_EQ(to_string(kExample.clauses[0]), "( x0 Not(x1) )");
  EXPECT_EQ(to_string(kExample), "( x0 Not(x1) ) ( x3 x2 ) :");
}

TEST(Text, ParsesWhatItPrints) {
  EXPECT_EQ(parse_formula(to_string(kExample)), kExample);
  for (int variables = 2; variables <= kMaxVariables; ++variables) {
    const Sampler sampler({variables, 1, 12}, Split::Train, /*seed=*/1);
    for (uint64_t i = 0; i < 500; ++i) {
      const Formula formula = sampler.draw(i);
      EXPECT_EQ(parse_formula(to_string(formula), variables), formula);
    }
  }
}

TEST(Text, LeavesBlanksAndTheColonToTheWriter) {
  for (const char* text :
       {"(x0 Not(x1))(x3 x2)", "(x0 Not(x1))(x3 x2):", "  ( x0\tNot ( x1 ) )\r\n( x3  x2 )\n:\n"}) {
    EXPECT_EQ(parse_formula(text), kExample) << text;
  }
}

TEST(Text, HasAsManyVariablesAsToldOrElseAsOccur) {
  EXPECT_EQ(parse_formula("( x0 x2 )").variables, 3);
  EXPECT_EQ(parse_formula("( Not(x3) x0 )").variables, 4);
  EXPECT_EQ(parse_formula("( x0 x2 )", 6).variables, 6);
}

TEST(Text, RefusalsNameColumnFoundAndExpected) {
  expect_refused("", "column 1: found the end, expected '('");
  expect_refused(" :", "column 2: found ':', expected '('");
  expect_refused("( x0 x1", "column 8: found the end, expected ')'");
  expect_refused("( x0 )", "column 6: found ')', expected a literal over x0 to x4");
  expect_refused("( x0 y1 )", "column 6: found 'y1', expected a literal over x0 to x4");
  expect_refused("( x0 x5 )", "column 6: found 'x5', expected a literal over x0 to x4");
  expect_refused("( x0 x-1 )", "column 6: found 'x-1', expected a literal over x0 to x4");
  expect_refused("( x0 x99999999999 )",
                 "column 6: found 'x99999999999', expected a literal over x0 to x4");
  expect_refused("( x0 Not x1 )", "column 10: found 'x1', expected '('");
  expect_refused("( x0 Not(Not(x1)) )", "column 10: found 'Not', expected one of x0 to x4");
  expect_refused("( x0 x1 x2 )", "column 9: found 'x2', expected ')'");
  expect_refused("( x0 x1 ) x2", "column 11: found 'x2', expected '(', ':' or the end");
  expect_refused("( x0 x1 ) : s", "column 13: found 's', expected the end");
  expect_refused("( x0 x1 ) ( x2 Not(x2) ) :",
                 "clause 2: x2 occurs twice, expected two different variables");
}

TEST(Text, RefusesMoreVariablesThanAMaskHolds) {
  expect_refused("( x0 x1 )", "variables: expected 1 to 6, got 7", 7);
  expect_refused("( x0 x1 )", "variables: expected 1 to 6, got -1", -1);
  expect_refused("( x0 x6 )", "column 6: found 'x6', expected a literal over x0 to x5", 0);
}

}  // namespace text_test
}  // namespace assay::sat2
