#include "interp/attribution/masks.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

namespace assay::interp::attribution {
namespace masks_test {

using at::Tensor;

constexpr MaskDesign kBernoulli{.kind = MaskKind::Bernoulli, .ratio = 0.3};
constexpr MaskDesign kBalanced{.kind = MaskKind::Balanced, .ratio = 0.3};

TEST(Masks, AreAFunctionOfTheStepWhateverTheBatch) {
  for (const MaskDesign& design : {kBernoulli, kBalanced}) {
    const Tensor whole = draw_masks(design, 10, /*seed=*/1, 0, 100);
    for (const int64_t batch : {1, 7, 64}) {
      for (int64_t first = 0; first < 100; first += batch) {
        const int64_t n = std::min<int64_t>(batch, 100 - first);
        EXPECT_TRUE(draw_masks(design, 10, 1, first, n).equal(whole.narrow(0, first, n)));
      }
    }
    EXPECT_FALSE(draw_masks(design, 10, 2, 0, 100).equal(whole));
  }
}

TEST(BernoulliMasks, ReplaceEachFeatureWithItsProbability) {
  const Tensor share = draw_masks(kBernoulli, 8, /*seed=*/1, 0, 20000).to(torch::kFloat64).mean(0);
  EXPECT_LT((share - 0.3).abs().max().item<double>(), 4 * std::sqrt(0.21 / 20000));
}

TEST(BalancedMasks, ReplaceEveryFeatureOncePerCycle) {
  for (const int64_t features : {1, 2, 7, 10, 20}) {
    const int64_t steps = steps_per_cycle(kBalanced, features);
    const Tensor masks = draw_masks(kBalanced, features, /*seed=*/1, 0, 30 * steps);
    const Tensor cycles = masks.reshape({30, steps, features}).sum(1);
    EXPECT_TRUE(cycles.eq(1).all().item<bool>()) << features << " features";
  }
}

TEST(BalancedMasks, AreOfNearlyEqualSizeAndNeverEverything) {
  EXPECT_EQ(steps_per_cycle(kBalanced, 20), 3);  // blocks of 6 or 7
  EXPECT_EQ(steps_per_cycle({.kind = MaskKind::Balanced, .ratio = 0.1}, 20), 10);
  EXPECT_EQ(steps_per_cycle({.kind = MaskKind::Balanced, .ratio = 0}, 20), 20);
  EXPECT_EQ(steps_per_cycle({.kind = MaskKind::Balanced, .ratio = 1}, 20), 2);
  EXPECT_EQ(steps_per_cycle({.kind = MaskKind::Balanced, .ratio = 1}, 1), 1);
  const Tensor sizes = draw_masks(kBalanced, 20, 1, 0, 60).sum(1);
  EXPECT_EQ(sizes.min().item<int64_t>(), 6);
  EXPECT_EQ(sizes.max().item<int64_t>(), 7);
}

TEST(Masks, RefuseAShareThatIsNone) {
  for (const double ratio : {-0.1, 1.1, std::nan("")})
    EXPECT_THROW(draw_masks({.ratio = ratio}, 3, 1, 0, 1), std::invalid_argument);
}

}  // namespace masks_test
}  // namespace assay::interp::attribution
