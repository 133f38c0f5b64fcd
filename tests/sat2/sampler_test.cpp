#include "sat2/sampler.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "sat2/masks.h"
#include "sat2/text.h"

namespace assay::sat2 {
namespace sampler_test {

using testing::SizeIs;
using testing::ThrowsMessage;

constexpr auto kSplits = {Split::Train, Split::Derive, Split::Test};

/// For n fair coins: is the number of heads within four standard deviations?
void expect_fair(int heads, int n) {
  EXPECT_NEAR(heads, n / 2.0, 4 * std::sqrt(n / 4.0));
}

/// Pearson's statistic of counts that should be equal; mean and half the variance are count - 1.
double chi_square(const std::vector<int>& counts) {
  double total = 0;
  for (const int count : counts) total += count;
  const double expected = total / counts.size();
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Sampler, DrawsValidFormulasOfItsSplitHalfOfThemSatisfiable) {
  for (const Split split : kSplits) {
    const Sampler sampler({}, split, /*seed=*/1);
    constexpr int kFormulas = 20'000;
    int satisfiable = 0;
    for (uint64_t i = 0; i < kFormulas; ++i) {
      const Formula formula = sampler.draw(i);
      ASSERT_NO_THROW(validate(formula));
      ASSERT_THAT(formula.clauses, SizeIs(10));
      ASSERT_EQ(split_of(formula), split);
      satisfiable += satisfiable_by_masks(formula);
    }
    expect_fair(satisfiable, kFormulas);
  }
}

TEST(Sampler, DependsOnSettingsSplitSeedAndIndexAlone) {
  const SamplerSettings settings;
  const Sampler sampler(settings, Split::Train, /*seed=*/1);
  const Formula formula = sampler.draw(7);
  for (uint64_t i = 0; i < 5; ++i) sampler.draw(i);
  EXPECT_EQ(sampler.draw(7), formula);
  EXPECT_EQ(Sampler(settings, Split::Train, 1).draw(7), formula);
  EXPECT_NE(Sampler(settings, Split::Train, 2).draw(7), formula);
  EXPECT_NE(sampler.draw(8), formula);
}

TEST(Sampler, DrawsTodayWhatItDrewYesterday) {
  EXPECT_EQ(to_string(Sampler({}, Split::Train, 1).draw(0)),
            "( Not(x0) x1 ) ( x0 x1 ) ( x2 Not(x3) ) ( x0 x4 ) ( x1 Not(x2) ) ( Not(x1) x2 ) "
            "( x1 x4 ) ( Not(x0) Not(x2) ) ( Not(x2) Not(x3) ) ( x0 Not(x3) ) :");
  EXPECT_EQ(to_string(Sampler({3, 4, 8}, Split::Test, 2).draw(5)),
            "( x0 Not(x1) ) ( Not(x0) Not(x2) ) ( Not(x1) Not(x2) ) ( x1 x2 ) ( x0 Not(x2) ) "
            "( Not(x1) Not(x2) ) ( Not(x0) Not(x1) ) :");
}

TEST(Sampler, HardlyRepeatsItself) {
  std::set<std::vector<Clause>> seen;
  for (const uint64_t seed : {1, 2}) {
    const Sampler sampler({}, Split::Train, seed);
    for (uint64_t i = 0; i < 10'000; ++i) seen.insert(sampler.draw(i).clauses);
  }
  EXPECT_THAT(seen, SizeIs(20'000));  // of 40^10 / 2 formulas
}

TEST(Sampler, DrawsEveryClauseEquallyOftenAtEveryPlace) {
  // Flipping signs or renaming variables maps clauses onto each other and keeps the answer, so
  // balancing answers favours no clause.
  const Sampler sampler({}, Split::Train, /*seed=*/1);
  std::map<Clause, int> number;
  for (const Clause& clause : all_clauses(5)) number.emplace(clause, number.size());
  std::array<std::vector<int>, 10> counts;
  counts.fill(std::vector<int>(number.size()));
  for (uint64_t i = 0; i < 100'000; ++i) {
    const Formula formula = sampler.draw(i);
    for (size_t c = 0; c < 10; ++c) ++counts[c][number.at(formula.clauses[c])];
  }
  for (const auto& at_place : counts) {
    EXPECT_LT(chi_square(at_place), 39 + 4 * std::sqrt(2 * 39.0));
  }
}

TEST(Sampler, DrawsEveryLength) {
  const Sampler sampler({5, 1, 12}, Split::Test, /*seed=*/1);
  std::map<size_t, std::array<int, 2>> lengths;  // -> how many unsatisfiable, satisfiable
  for (uint64_t i = 0; i < 20'000; ++i) {
    const Formula formula = sampler.draw(i);
    ++lengths[formula.clauses.size()][satisfiable_by_masks(formula)];
  }
  EXPECT_THAT(lengths, SizeIs(12));
  EXPECT_EQ(lengths[3][0], 0);  // three clauses refute at most three of four signs of a pair
  EXPECT_GT(lengths[12][0], lengths[6][0]);
  EXPECT_GT(lengths[12][1], 0);
}

TEST(Sampler, DrawsBothAnswersInEverySplitForEveryNumberOfVariables) {
  for (int variables = 2; variables <= kMaxVariables; ++variables) {
    for (const Split split : kSplits) {
      for (const int clauses : {4, 10, 20}) {
        const Sampler sampler({variables, clauses, clauses}, split, /*seed=*/1);
        int satisfiable = 0;
        for (uint64_t i = 0; i < 200; ++i) satisfiable += satisfiable_by_masks(sampler.draw(i));
        expect_fair(satisfiable, 200);
      }
    }
  }
}

TEST(Sampler, RefusesSettingsThatCannotBeBalanced) {
  const auto refused = [](SamplerSettings settings, const char* message) {
    EXPECT_THAT([&] { Sampler(settings, Split::Train, 1); },
                ThrowsMessage<std::invalid_argument>(message));
  };
  refused({1, 10, 10}, "variables: expected 2 to 6, got 1");
  refused({7, 10, 10}, "variables: expected 2 to 6, got 7");
  refused({5, 1, 3}, "max_clauses: expected 4 to 40, got 3");
  refused({5, 10, 41}, "max_clauses: expected 4 to 40, got 41");
  refused({5, 0, 10}, "min_clauses: expected 1 to 10, got 0");
  refused({5, 11, 10}, "min_clauses: expected 1 to 10, got 11");
}

TEST(Split, DividesTheFormulasOneHalfAndTwoQuarters) {
  // All 64,000 formulas of three clauses over five variables; 4 sigma is 506 of one half.
  const auto clauses = all_clauses(5);
  std::map<Split, int> counts;
  for (const Clause& first : clauses) {
    for (const Clause& second : clauses) {
      for (const Clause& third : clauses) ++counts[split_of({5, {first, second, third}})];
    }
  }
  EXPECT_NEAR(counts[Split::Train], 32'000, 506);
  EXPECT_NEAR(counts[Split::Derive], 16'000, 438);
  EXPECT_NEAR(counts[Split::Test], 16'000, 438);
}

TEST(Split, SeesTheOrderOfClausesTheOrderOfLiteralsAndTheNumberOfVariables) {
  const auto clauses = all_clauses(5);
  int clause_order = 0, literal_order = 0, variables = 0;
  for (const Clause& first : clauses) {
    for (const Clause& second : clauses) {
      const Split split = split_of({5, {first, second}});
      clause_order += split != split_of({5, {second, first}});
      literal_order += split != split_of({5, {{first.right, first.left}, second}});
      variables += split != split_of({6, {first, second}});
    }
  }
  // Two independent parts differ with probability 1 - (1/4 + 1/16 + 1/16) = 5/8: 1,000 of 1,600.
  EXPECT_NEAR(clause_order, 975, 108);  // 40 pairs are equal, the others come twice
  EXPECT_NEAR(literal_order, 1000, 80);
  EXPECT_NEAR(variables, 1000, 80);
}

}  // namespace sampler_test
}  // namespace assay::sat2
