#include "sat2/relevance.h"

#include <gmock/gmock.h>

#include <functional>
#include <stdexcept>

#include "sat2/masks.h"
#include "sat2/referee.h"
#include "sat2/sampler.h"
#include "sat2/text.h"

namespace assay::sat2 {
namespace relevance_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::ThrowsMessage;

Formula part_of(const Formula& formula, ClauseSet set) {
  Formula part{formula.variables, {}};
  for (size_t i = 0; i < formula.clauses.size(); ++i)
    if (set >> i & 1) part.clauses.push_back(formula.clauses[i]);
  return part;
}

ClauseSet as_set(const std::vector<int>& clauses) {
  ClauseSet set = 0;
  for (const int clause : clauses) set |= ClauseSet{1} << clause;
  return set;
}

// The four clauses over two variables contradict each other, and the first stands twice.
const Formula kTwice = parse_formula(
    "( x0 x1 ) ( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) ) ( x0 x2 )");

TEST(MinimalUnsatisfiableSubsets, ByHand) {
  EXPECT_THAT(minimal_unsatisfiable_subsets(kTwice), ElementsAre(0b011101, 0b011110));
  EXPECT_THAT(minimal_unsatisfiable_subsets(parse_formula("( x0 x1 ) ( x0 Not(x1) )")), IsEmpty());
}

TEST(MinimalUnsatisfiableSubsets, AreExactlyThoseThatZ3Finds) {
  for (int clauses = 4; clauses <= 8; ++clauses) {
    const Sampler sampler({.variables = 3, .min_clauses = clauses, .max_clauses = clauses},
                          Split::Train, 5);
    for (uint64_t draw = 0; draw < 4; ++draw) {
      const Formula formula = sampler.draw(draw);
      std::vector<Formula> parts;
      for (ClauseSet set = 0; set < ClauseSet{1} << clauses; ++set)
        parts.push_back(part_of(formula, set));
      const std::vector<bool> satisfiable = satisfiable_by_z3(parts);
      std::vector<ClauseSet> expected;
      for (ClauseSet set = 0; set < satisfiable.size(); ++set) {
        bool minimal = !satisfiable[set];
        for (int i = 0; i < clauses && minimal; ++i)
          if (set >> i & 1) minimal = satisfiable[set ^ ClauseSet{1} << i];
        if (minimal) expected.push_back(set);
      }
      EXPECT_EQ(minimal_unsatisfiable_subsets(formula), expected) << to_string(formula);
    }
  }
}

TEST(MinimalUnsatisfiableSubsets, ContainWhateverSubsetAnyoneFinds) {
  const Sampler sampler({}, Split::Test, 2);
  for (uint64_t draw = 0; draw < 50; ++draw) {
    const Formula formula = sampler.draw(draw);
    const std::vector<ClauseSet> all = minimal_unsatisfiable_subsets(formula);
    EXPECT_EQ(all.empty(), satisfiable_by_masks(formula));
    if (all.empty()) continue;
    EXPECT_THAT(all, testing::Contains(as_set(rule(formula).unsatisfiable_core)));
    EXPECT_THAT(all, testing::Contains(as_set(minimal_unsatisfiable_subset_by_masks(formula))));
  }
}

TEST(MinimalUnsatisfiableSubsets, AreRefusedForFormulasTooLongToListThem) {
  Formula formula{5, {}};
  formula.clauses.assign(21, {{0, false}, {1, false}});
  EXPECT_THAT([&] { minimal_unsatisfiable_subsets(formula); },
              ThrowsMessage<std::invalid_argument>(
                  "minimal unsatisfiable subsets are listed for at most 20 clauses, got 21"));
}

/// Every formula with one clause, or one literal of it, exchanged; asked of Z3.
bool turns(const Formula& formula, size_t i, const std::function<bool(const Clause&)>& allowed) {
  std::vector<Formula> changed;
  for (const Clause& clause : all_clauses(formula.variables)) {
    if (!allowed(clause)) continue;
    changed.push_back(formula);
    changed.back().clauses[i] = clause;
  }
  const bool answer = rule(formula).satisfiable;
  for (const bool other : satisfiable_by_z3(changed))
    if (other != answer) return true;
  return false;
}

TEST(Pivotal, ClausesAndLiteralsAreThoseWithWhichZ3ChangesItsAnswer) {
  const Sampler sampler({.variables = 4, .min_clauses = 6, .max_clauses = 9}, Split::Derive, 1);
  int pivotal = 0;
  for (uint64_t draw = 0; draw < 12; ++draw) {
    const Formula formula = sampler.draw(draw);
    const std::vector<bool> clauses = pivotal_clauses(formula),
                            literals = pivotal_literals(formula);
    ASSERT_EQ(literals.size(), 2 * formula.clauses.size());
    for (size_t i = 0; i < clauses.size(); ++i) {
      const auto [left, right] = formula.clauses[i];
      EXPECT_EQ(clauses[i], turns(formula, i, [](const Clause&) { return true; }));
      EXPECT_EQ(literals[2 * i],
                turns(formula, i, [&](const Clause& c) { return c.right == right; }));
      EXPECT_EQ(literals[2 * i + 1],
                turns(formula, i, [&](const Clause& c) { return c.left == left; }));
      pivotal += clauses[i];
    }
  }
  EXPECT_GT(pivotal, 10);
}

TEST(Pivotal, ClausesOfAContradictionAreInEveryMinimalSubset) {
  const Sampler sampler({}, Split::Test, 3);
  for (uint64_t draw = 0; draw < 100; ++draw) {
    const Formula formula = sampler.draw(draw);
    if (satisfiable_by_masks(formula)) continue;
    ClauseSet in_every = ~ClauseSet{0};
    for (const ClauseSet set : minimal_unsatisfiable_subsets(formula)) in_every &= set;
    const std::vector<bool> pivotal = pivotal_clauses(formula);
    for (size_t i = 0; i < pivotal.size(); ++i)
      EXPECT_TRUE(!pivotal[i] || (in_every >> i & 1)) << to_string(formula);
  }
}

}  // namespace relevance_test
}  // namespace assay::sat2
