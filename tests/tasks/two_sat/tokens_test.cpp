#include "tasks/two_sat/tokens.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <random>
#include <stdexcept>

namespace assay::tasks::two_sat {
namespace tokens_test {

using testing::ThrowsMessage;

TEST(Tokens, AreThePublishedOnesForFiveVariables) {
  const Tokens tokens;
  EXPECT_EQ(tokens.d_vocab(), 16);
  EXPECT_EQ(tokens.n_literals(), 10);
  EXPECT_EQ(tokens.open(), 10);
  EXPECT_EQ(tokens.close(), 11);
  EXPECT_EQ(tokens.colon(), 12);
  EXPECT_EQ(tokens.sat(), 13);
  EXPECT_EQ(tokens.unsat(), 14);
  EXPECT_EQ(tokens.padding(), 15);
  EXPECT_EQ(tokens.literal({.variable = 3, .negated = false}), 3);
  EXPECT_EQ(tokens.literal({.variable = 3, .negated = true}), 8);
  const std::vector<std::string> names = {
      "x0",      "x1",      "x2", "x3", "x4", "Not(x0)", "Not(x1)", "Not(x2)",
      "Not(x3)", "Not(x4)", "(",  ")",  ":",  "s",       "u",       "#"};
  for (int64_t token = 0; token < 16; ++token) EXPECT_EQ(tokens.name(token), names[token]);
}

TEST(Tokens, NameLiteralsBothWaysForEveryNumberOfVariables) {
  for (int64_t variables = 2; variables <= 6; ++variables) {
    const Tokens tokens{variables};
    for (int64_t token = 0; token < tokens.n_literals(); ++token)
      EXPECT_EQ(tokens.literal(tokens.literal_of(token)), token);
    EXPECT_EQ(tokens.padding(), tokens.d_vocab() - 1);
  }
}

TEST(Tokens, HaveNoNameOutOfRange) {
  EXPECT_THAT([] { Tokens{}.name(16); },
              ThrowsMessage<std::invalid_argument>("token 16 is out of range [0, 16)"));
  EXPECT_THAT([] { Tokens{3}.name(-1); },
              ThrowsMessage<std::invalid_argument>("token -1 is out of range [0, 12)"));
}

TEST(Tokens, SpellAFormulaByHand) {
  const sat2::Formula formula{5, {{{0, false}, {1, true}}, {{2, true}, {4, false}}}};
  std::vector<int64_t> row(n_ctx(2));
  write_tokens(formula, 2, row.data());
  EXPECT_THAT(row, testing::ElementsAre(10, 0, 6, 11, 10, 7, 4, 11, 12));
  EXPECT_EQ(row[left_literal(1)], 7);
  EXPECT_EQ(row[right_literal(1)], 4);
}

TEST(Tokens, PadAFormulaWithFewerClausesOnTheLeft) {
  const sat2::Formula formula{5, {{{0, false}, {1, true}}}};
  std::vector<int64_t> row(n_ctx(2));
  write_tokens(formula, 2, row.data());
  EXPECT_THAT(row, testing::ElementsAre(15, 15, 15, 15, 10, 0, 6, 11, 12));
}

TEST(Tokens, AreReadBackAsTheFormulaThatWasWritten) {
  std::mt19937_64 random(1);
  for (int variables = 2; variables <= 6; ++variables) {
    const auto clauses = sat2::all_clauses(variables);
    for (size_t n = 0; n < 15; ++n) {
      sat2::Formula formula{variables, {}};
      for (size_t c = 0; c < n; ++c) {
        sat2::Clause clause = clauses[random() % clauses.size()];
        if (random() % 2) std::swap(clause.left, clause.right);
        formula.clauses.push_back(clause);
      }
      for (const size_t room : {n, n + 1, n + 3}) {
        const auto clauses = static_cast<int64_t>(room);
        const at::Tensor row = at::full({n_ctx(clauses)}, -1, at::TensorOptions(torch::kInt64));
        write_tokens(formula, clauses, row.data_ptr<int64_t>());
        EXPECT_EQ(formula_of(row, variables), formula);
        EXPECT_EQ(formula_of(at::stack({row, row}, 1).select(1, 0), variables), formula);
      }
    }
  }
}

std::string refusal(std::vector<int64_t> row) {
  try {
    formula_of(torch::tensor(row, torch::kInt64), 5);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Tokens, ThatBreakTheGrammarAreRefusedByPosition) {
  EXPECT_EQ(refusal({10, 0, 6, 11, 12}), "");
  EXPECT_EQ(refusal({11, 0, 6, 11, 12}), "position 0: expected '(', got ')'");
  EXPECT_EQ(refusal({10, 10, 6, 11, 12}), "position 1: expected a literal, got '('");
  EXPECT_EQ(refusal({10, 0, 15, 11, 12}), "position 2: expected a literal, got '#'");
  EXPECT_EQ(refusal({10, 0, 6, 6, 12}), "position 3: expected ')', got 'Not(x1)'");
  EXPECT_EQ(refusal({10, 0, 6, 11, 13}), "position 4: expected ':', got 's'");
  EXPECT_EQ(refusal({10, 0, 6, 11, 10, 1, 2, 12, 12}), "position 7: expected ')', got ':'");
  EXPECT_EQ(refusal({15, 15, 15, 10, 0, 6, 11, 12, 12}),
            "position 3: expected '#', as a missing clause is four of them, got '('");
  EXPECT_EQ(refusal({10, 0, 6, 11, 15, 15, 15, 15, 12}), "position 4: expected '(', got '#'");
  EXPECT_EQ(refusal({10, 0, 6, 11}),
            "a formula has 4 tokens per clause and a final ':', got 4 tokens");
  EXPECT_EQ(refusal({}), "a formula has 4 tokens per clause and a final ':', got 0 tokens");
  EXPECT_EQ(refusal({10, -1, 6, 11, 12}), "token -1 is out of range [0, 16)");
  EXPECT_EQ(refusal({10, 0, 16, 11, 12}), "token 16 is out of range [0, 16)");
  EXPECT_NE(refusal({10, 1, 6, 11, 12}), "");  // one variable twice
}

}  // namespace tokens_test
}  // namespace assay::tasks::two_sat
