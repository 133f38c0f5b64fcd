#include "interp/attribution/faithfulness_removal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace faithfulness_removal_test {

using at::Tensor;
using testing::Each;
using testing::Key;
using testing::Lt;
using testing::UnorderedElementsAre;

TEST(RemovalErrors, OfTheWeightsOfAnAdditiveGameAreZero) {
  const Tensor weights = (at::arange(14, torch::kFloat64) * 1.7).sin();
  const auto errors = removal_errors(additive_game(weights), 14, {{"weights", additive(weights)}});
  EXPECT_THAT(errors, UnorderedElementsAre(Key("ols"), Key("weights"), Key("zero")));
  EXPECT_EQ(errors.at("weights").mse.size(), 10U);
  EXPECT_THAT(errors.at("weights").mse, Each(Lt(1e-20)));
  EXPECT_THAT(errors.at("ols").mse, Each(Lt(1e-16)));
}

// Features of weight 1 each: removing k changes the value by -k, always.
TEST(RemovalErrors, OfPredictingNoChangeAreTheSquaresOfTheChanges) {
  const auto errors = removal_errors(additive_game(at::ones({6}, torch::kFloat64)), 6, {});
  const RemovalErrors& zero = errors.at("zero");
  ASSERT_EQ(zero.mse.size(), 6U) << "no more than there are";
  for (size_t k = 0; k < 6; ++k) {
    EXPECT_NEAR(zero.mse[k], static_cast<double>((k + 1) * (k + 1)), 1e-12);
    EXPECT_TRUE(std::isnan(zero.r_squared[k])) << "all changes are equal";
  }
}

TEST(RemovalErrors, ROfSquaresComparesWithTheMeanChange) {
  // Two features of weight 0 and 2, one removed: changes 0 and -2, variance 1 if half each.
  const auto errors = removal_errors(additive_game(numbers({0, 2})), 2,
                                     {{"mean", additive(numbers({1, 1}))}}, {.masks = 4000});
  EXPECT_NEAR(errors.at("mean").r_squared[0], 0, 0.01);
  EXPECT_NEAR(errors.at("zero").r_squared[0], -1, 0.1);
  EXPECT_NEAR(errors.at("ols").r_squared[0], 1, 1e-12);
}

TEST(RemovalErrors, ASurrogateThatKnowsInteractionsBeatsTheBaseline) {
  const Game game = [](const Tensor& kept) { return kept.sum(1).to(torch::kFloat64).square(); };
  const Surrogate exact = [&](const Tensor& kept) { return game(kept) - 64; };
  const auto errors = removal_errors(game, 8, {{"exact", exact}});
  EXPECT_THAT(errors.at("exact").mse, Each(Lt(1e-20)));
  // With 3 to 8 kept the slope is 2 · 5.5 = 11 a feature: right for 5 removed, as (8 - 5)² - 64 =
  // -55, and 24 too much for all 8.
  EXPECT_LT(errors.at("ols").mse[4], 10);
  EXPECT_GT(errors.at("ols").mse[7], 15 * 15);
}

TEST(RemovalErrors, AreTheSameForTheSameSeed) {
  const Game game = table_game(random_values(7, 1));
  const auto with = [&](uint64_t seed) {
    return removal_errors(game, 7, {}, {.seed = seed}).at("ols").mse;
  };
  EXPECT_EQ(with(1), with(1));
  EXPECT_NE(with(1), with(2));
}

TEST(RemovalErrors, RefuseTheNameOfABaselineAndNumbersBelowOne) {
  const Game game = additive_game(numbers({1, 2}));
  EXPECT_THROW(removal_errors(game, 2, {{"ols", additive(numbers({1, 2}))}}),
               std::invalid_argument);
  EXPECT_THROW(removal_errors(game, 2, {}, {.masks = 0}), std::invalid_argument);
}

}  // namespace faithfulness_removal_test
}  // namespace assay::interp::attribution
