#include "tasks/two_sat/relevance.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <bit>

#include "circuits/interpretation/dependence.h"
#include "sat2/masks.h"
#include "sat2/sampler.h"
#include "sat2/text.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/tokens.h"
#include "tests/tasks/two_sat/spell_programs.h"

namespace assay::tasks::two_sat {
namespace relevance_test {

using at::Tensor;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<bool> values(const Tensor& relevant) {
  std::vector<bool> all;
  for (int64_t i = 0; i < relevant.numel(); ++i) all.push_back(relevant[i].item<bool>());
  return all;
}

const sat2::Formula kContradiction = sat2::parse_formula(
    "( x0 x1 ) ( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) ) ( x0 x2 )");

TEST(Relevance, OfAContradictionIsWhatItsMinimalSubsetsHold) {
  const auto clauses = relevance("clause", kContradiction);
  ASSERT_EQ(clauses.size(), 2U);
  EXPECT_EQ(clauses[0].name, "some-mus");
  EXPECT_THAT(values(clauses[0].relevant), ElementsAre(1, 1, 1, 1, 1, 0));
  EXPECT_EQ(clauses[1].name, "every-mus");
  EXPECT_THAT(values(clauses[1].relevant), ElementsAre(0, 0, 1, 1, 1, 0));
  EXPECT_TRUE(clauses[0].supports && clauses[1].supports);
  EXPECT_THAT(values(relevance("literal", kContradiction)[1].relevant),
              ElementsAre(0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0));
  EXPECT_THAT(relevance("token", kContradiction), IsEmpty());
}

TEST(Relevance, OfASatisfiableFormulaIsWhatCanTurnItAround) {
  // Three of the four clauses over two variables: only the fourth is missing for a contradiction.
  const sat2::Formula formula =
      sat2::parse_formula("( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( x0 x1 )");
  const auto literals = relevance("literal", formula);
  ASSERT_EQ(literals.size(), 1U);
  EXPECT_EQ(literals[0].name, "pivotal");
  EXPECT_FALSE(literals[0].supports);
  // Either copy of ( x0 x1 ) could become ( Not(x0) Not(x1) ), which exchanges both literals.
  EXPECT_THAT(values(relevance("clause", formula)[0].relevant), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(values(literals[0].relevant), testing::Each(false));
}

TEST(Interventions, OnAClauseTakeItAway) {
  const Tensor rows = interventions("clause", kContradiction, 8, 2);
  ASSERT_EQ(rows.sizes().vec(), (std::vector<int64_t>{1, 33}));
  sat2::Formula rest = kContradiction;
  rest.clauses.erase(rest.clauses.begin() + 2);
  Tensor expected = at::empty({33}, torch::kInt64);
  write_tokens(kContradiction, 8, expected.data_ptr<int64_t>());
  expected.narrow(0, 16, 4).fill_(Tokens{3}.padding());  // two missing, then two before it
  EXPECT_TRUE(rows[0].equal(expected));
}

TEST(Interventions, OnALiteralAreTheOthersThatMayStandThere) {
  const sat2::Formula formula = sat2::parse_formula("( x0 x2 ) ( x0 x1 )", 3);
  const Tensor rows = interventions("literal", formula, 2, 1);  // x2 of the first clause
  std::vector<std::string> found;
  for (int64_t i = 0; i < rows.size(0); ++i)
    found.push_back(sat2::to_string(formula_of(rows[i], 3).clauses[0]));
  EXPECT_THAT(found,
              testing::UnorderedElementsAre("( x0 x1 )", "( x0 Not(x1) )", "( x0 Not(x2) )"));
  EXPECT_EQ(interventions("token", formula, 2, 0).size(0), 0);
}

/// The interpretation's functions alone: parse, one bit per assignment, any.
circuits::Program all_assignments_program(int64_t variables, int64_t clauses) {
  std::vector<Program> programs;
  for (int a = 0; a < 1 << variables; ++a) programs.push_back(any_of({a}));
  std::vector<std::vector<int64_t>> literals;
  for (int64_t c = 0; c < clauses; ++c) literals.push_back({left_literal(c), right_literal(c)});
  const auto step = [](std::vector<int> parents, const circuits::Function& h) {
    return circuits::Step{.name = "",
                          .parents = std::move(parents),
                          .sites = {},
                          .reads = {},
                          .h = h,
                          .alpha = {},
                          .gamma = {},
                          .equality = {}};
  };
  const circuits::Operations generic = circuits::generic_operations();
  return {.steps = {step({-1}, generic.functions.at("tokens_at")
                                   .make({.name = "tokens_at",
                                          .parameters = {{"positions", literals}},
                                          .tensors = {}})),
                    step({0}, truth_table_programs(
                                  {.name = "truth_table_programs",
                                   .parameters = {{"variables", variables}, {"programs", programs}},
                                   .tensors = {}})),
                    step({1}, generic.functions.at("any").make({.name = "any", .tensors = {}}))},
          .output = 2};
}

TEST(Interventions, ThroughAPerfectInterpretationFindWhatLogicSays) {
  const circuits::Program program = all_assignments_program(4, 7);
  const sat2::Sampler sampler({.variables = 4, .min_clauses = 5, .max_clauses = 7},
                              sat2::Split::Test, 1);
  for (uint64_t draw = 0; draw < 20; ++draw) {
    const sat2::Formula formula = sampler.draw(draw);
    std::vector<int64_t> tokens(n_ctx(7));
    write_tokens(formula, 7, tokens.data());
    const Tensor before = torch::tensor(tokens, torch::kInt64);
    const sat2::Mask mask = sat2::satisfying(formula);
    for (size_t i = 0; i < formula.clauses.size(); ++i) {
      sat2::Formula rest = formula;
      rest.clauses.erase(rest.clauses.begin() + static_cast<std::ptrdiff_t>(i));
      const int gained = std::popcount(sat2::satisfying(rest) ^ mask);
      const Tensor share = circuits::changed_share(
          program, before, interventions("clause", formula, 7, static_cast<int64_t>(i)));
      EXPECT_DOUBLE_EQ(share[1][0].item<double>(), gained / 16.0);
      EXPECT_EQ(share[2][0].item<double>(), mask == 0 && gained > 0 ? 1 : 0);
      if (mask != 0) continue;
      EXPECT_EQ(relevance("clause", formula)[1].relevant[static_cast<int64_t>(i)].item<bool>(),
                gained > 0);
    }
  }
}

}  // namespace relevance_test
}  // namespace assay::tasks::two_sat
