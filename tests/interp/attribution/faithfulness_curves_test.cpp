#include "interp/attribution/faithfulness_curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace faithfulness_curves_test {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(FaithfulnessCurves, OfAnAdditiveGameAddUpTheWeightsInOrder) {
  // 0.5 plus weights 1, 4, -2, taken in the order 4, 1, -2.
  const at::Tensor weights = numbers({1, 4, -2});
  const FaithfulnessCurves curves = faithfulness_curves(additive_game(weights), weights);
  EXPECT_THAT(curves.insertion, ElementsAre(0.5, 4.5, 5.5, 3.5));
  EXPECT_THAT(curves.deletion, ElementsAre(3.5, -0.5, -1.5, 0.5));
  EXPECT_THAT(curves.insertion_area, DoubleNear((0.25 + 4.5 + 5.5 + 1.75) / 3, 1e-12));
  EXPECT_THAT(curves.deletion_area, DoubleNear((1.75 - 0.5 - 1.5 + 0.25) / 3, 1e-12));
}

TEST(FaithfulnessCurves, NoOrderDoesBetterThanThatOfTheWeights) {
  const at::Tensor weights = numbers({1, 4, -2, 0.5, 3, -1});
  const Game game = additive_game(weights);
  const FaithfulnessCurves best = faithfulness_curves(game, weights);
  for (int64_t seed = 1; seed < 20; ++seed) {
    const at::Tensor other = (at::arange(6, torch::kFloat64) * static_cast<double>(seed)).sin();
    const FaithfulnessCurves curves = faithfulness_curves(game, other);
    EXPECT_LE(curves.insertion_area, best.insertion_area + 1e-12);
    EXPECT_GE(curves.deletion_area, best.deletion_area - 1e-12);
    // In an additive game what is in and what is left add up to the same everywhere.
    EXPECT_NEAR(curves.insertion_area + curves.deletion_area,
                best.insertion_area + best.deletion_area, 1e-12);
  }
}

TEST(FaithfulnessCurves, TheEarlierOfEqualScoresComesFirst) {
  const FaithfulnessCurves curves =
      faithfulness_curves(additive_game(numbers({1, 10, 100})), numbers({0, 1, 0}));
  EXPECT_THAT(curves.insertion, ElementsAre(0.5, 10.5, 11.5, 111.5));
}

TEST(HardFaithfulness, IsReadOffTheCurves) {
  const at::Tensor weights = numbers({1, 4, -2});
  const FaithfulnessCurves curves = faithfulness_curves(additive_game(weights), weights);
  const Faithfulness one = hard_faithfulness(curves, 0.34);  // ⌊1.02⌋ = 1
  EXPECT_NEAR(one.scale, 3, 1e-12);
  EXPECT_NEAR(one.sufficiency, 2, 1e-12);        // 3 - |3.5 - 4.5|
  EXPECT_NEAR(one.comprehensiveness, 4, 1e-12);  // |3.5 + 0.5|
  const Faithfulness all = hard_faithfulness(curves, 1);
  EXPECT_NEAR(all.sufficiency, all.scale, 1e-12);
  EXPECT_NEAR(all.comprehensiveness, all.scale, 1e-12);
  EXPECT_THROW(hard_faithfulness(curves, -0.1), std::invalid_argument);
}

TEST(FaithfulnessCurves, RefuseNaN) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(faithfulness_curves(additive_game(numbers({1, 2})), numbers({1, nan})),
               std::invalid_argument);
}

}  // namespace faithfulness_curves_test
}  // namespace assay::interp::attribution
