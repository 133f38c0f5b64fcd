#include "interp/attribution/empirical_replacer.h"

#include <gmock/gmock.h>

#include "tests/interp/attribution/replacers.h"

namespace assay::interp::attribution {
namespace empirical_replacer_test {

using testing::Each;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// Brackets 5 and 6 around two of 0 … 4, twice as often 0 1 as the others.
const std::vector<Sequence> kCorpus = {{5, 0, 1, 6}, {5, 0, 1, 6}, {5, 0, 2, 6},
                                       {5, 2, 3, 6}, {5, 1, 3, 6}, {5, 2, 4, 6}};
const EmpiricalReplacer kEmpirical("empirical", kCorpus, {0, 0, 0, 0, 0, 1, 2});

TEST(EmpiricalReplacer, CountsWhatStandsBetweenTheNeighbours) {
  const auto support = kEmpirical.support({5, 0, 3, 6}, {2});  // 0 _ ): 1 twice, 2 once
  EXPECT_THAT(support->fillings, ElementsAre(ElementsAre(1), ElementsAre(2)));
  EXPECT_THAT(support->probabilities, ElementsAre(2.0 / 3, 1.0 / 3));
}

TEST(EmpiricalReplacer, DrawsNeighboursThatAreMaskedTogether) {
  const auto support = kEmpirical.support({5, 0, 3, 6}, {1, 2});
  // No pair that keeps the 0 in front or the 3 behind: these were asked to be replaced.
  EXPECT_THAT(support->fillings, ElementsAre(ElementsAre(2, 4)));
  EXPECT_THAT(kEmpirical.support({5, 3, 4, 6}, {1, 2})->fillings,
              UnorderedElementsAre(ElementsAre(0, 1), ElementsAre(0, 2), ElementsAre(1, 3),
                                   ElementsAre(2, 3)));
}

TEST(EmpiricalReplacer, WhatItsNeighboursDetermineIsNotEligible) {
  EXPECT_TRUE(kEmpirical.support({5, 0, 1, 6}, {0})->fillings.empty());
  EXPECT_THAT(kEmpirical.support({5, 3, 4, 6}, {0, 1, 2, 3})->fillings,
              Each(ElementsAre(5, testing::_, testing::_, 6)));
}

TEST(EmpiricalReplacer, BacksOffToTheTypeBetweenNeighboursNeverSeen) {
  const auto support = kEmpirical.support({5, 4, 0, 6}, {2});  // nothing was ever seen behind a 4
  // Overall 0, 1, 2, 3, 4 stand 3, 3, 3, 2, 1 times; 0 itself is out.
  EXPECT_THAT(support->fillings,
              ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3), ElementsAre(4)));
  EXPECT_THAT(support->probabilities, ElementsAre(3.0 / 9, 3.0 / 9, 2.0 / 9, 1.0 / 9));
}

TEST(EmpiricalReplacer, DrawsFollowTheSupport) {
  expect_draws_to_follow_support(kEmpirical, {5, 0, 3, 6}, {2});
  expect_draws_to_follow_support(kEmpirical, {5, 3, 4, 6}, {1, 2});
  expect_draws_to_follow_support(kEmpirical, {5, 4, 0, 6}, {2});
}

TEST(EmpiricalReplacer, RefusesNoSequenceAndTokensOutsideTheVocabulary) {
  EXPECT_THROW(EmpiricalReplacer("empirical", {}, {0}), std::invalid_argument);
  EXPECT_THROW(EmpiricalReplacer("empirical", {{0, 1}}, {0}), std::invalid_argument);
}

}  // namespace empirical_replacer_test
}  // namespace assay::interp::attribution
