#include "tasks/two_sat/pairs.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>

#include "sat2/masks.h"
#include "sat2/referee.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace pairs_test {

constexpr sat2::SamplerSettings kSettings{.variables = 4, .min_clauses = 8, .max_clauses = 8};

TEST(Pairs, DifferInOneClauseAtMostAndInTheAnswer) {
  const circuits::Counterfactuals data = pairs(kSettings, sat2::Split::Test, 3, 0, 200);
  const Tokens tokens{4};
  int64_t one_literal = 0, satisfiable = 0;
  for (int64_t i = 0; i < 200; ++i) {
    const sat2::Formula clean = formula_of(data.clean[i], 4),
                        corrupt = formula_of(data.corrupt[i], 4);
    int clauses = 0;
    for (size_t c = 0; c < clean.clauses.size(); ++c)
      clauses += clean.clauses[c] != corrupt.clauses[c];
    EXPECT_EQ(clauses, 1);
    const bool answer = sat2::rule(clean).satisfiable;
    EXPECT_NE(answer, sat2::rule(corrupt).satisfiable);
    EXPECT_TRUE(data.right[i][answer ? tokens.sat() : tokens.unsat()].item<bool>());
    EXPECT_TRUE(data.wrong[i][answer ? tokens.unsat() : tokens.sat()].item<bool>());
    EXPECT_EQ(data.right[i].sum().item<int64_t>() + data.wrong[i].sum().item<int64_t>(), 2);
    one_literal += data.clean[i].ne(data.corrupt[i]).sum().item<int64_t>() == 1;
    satisfiable += answer;
  }
  EXPECT_GT(one_literal, 180);                             // few formulas need a whole clause
  EXPECT_NEAR(static_cast<double>(satisfiable), 100, 30);  // a fair coin: 4 standard deviations
}

TEST(Pairs, OfFormulasOfSeveralLengthsKeepTheirLength) {
  const sat2::SamplerSettings settings{.variables = 3, .min_clauses = 2, .max_clauses = 6};
  const circuits::Counterfactuals data = pairs(settings, sat2::Split::Train, 1, 0, 100);
  std::set<size_t> lengths;
  for (int64_t i = 0; i < 100; ++i) {
    const sat2::Formula clean = formula_of(data.clean[i], 3);
    EXPECT_EQ(formula_of(data.corrupt[i], 3).clauses.size(), clean.clauses.size());
    lengths.insert(clean.clauses.size());
  }
  EXPECT_GE(lengths.size(), 3U);
  EXPECT_GE(*lengths.begin(), 3U);  // with fewer, no single clause turns the answer around
}

TEST(Pairs, DoNotDependOnTheSliceAskedFor) {
  const circuits::Counterfactuals all = pairs(kSettings, sat2::Split::Derive, 3, 0, 30);
  const circuits::Counterfactuals part = pairs(kSettings, sat2::Split::Derive, 3, 10, 5);
  EXPECT_TRUE(at::equal(part.clean, all.clean.narrow(0, 10, 5)));
  EXPECT_TRUE(at::equal(part.corrupt, all.corrupt.narrow(0, 10, 5)));
  EXPECT_FALSE(at::equal(part.clean, pairs(kSettings, sat2::Split::Derive, 4, 10, 5).clean));
}

}  // namespace pairs_test
}  // namespace assay::tasks::two_sat
