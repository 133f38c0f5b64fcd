#include "interp/attribution/kernel_shap.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/attribution/shapley.h"
#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace kernel_shap_test {

using at::Tensor;

TEST(KernelShap, OverAllSetsGivesTheShapleyValues) {
  for (const int64_t n : {1, 2, 3, 5, 8}) {
    const Game game = table_game(random_values(n, 10 + n));
    const KernelShap fit = kernel_shap(game, n, int64_t{1} << n, 0);
    EXPECT_TRUE(fit.exact);
    EXPECT_EQ(fit.coalitions, int64_t{1} << n);
    EXPECT_LT(largest_difference(fit.values, shapley_values(game, n)), 1e-9);
  }
}

TEST(KernelShap, OfAnAdditiveGameIsExactFromFewSets) {
  Tensor weights = at::arange(30, torch::kFloat64).sin();
  const KernelShap fit = kernel_shap(additive_game(weights), 30, 200, 1);
  EXPECT_FALSE(fit.exact);
  EXPECT_EQ(fit.coalitions, 200);
  EXPECT_LT(largest_difference(fit.values, weights), 1e-9);
}

TEST(KernelShap, FromSomeSetsComesNearAndSharesOutWhatAllAreWorth) {
  constexpr int kSeeds = 200;
  const Tensor values = random_values(12, 3);
  const Game game = table_game(values);
  const Tensor exact = shapley_values(game, 12);
  const auto error = [&](int64_t budget) {
    double sum = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      const KernelShap fit = kernel_shap(game, 12, budget, seed);
      EXPECT_NEAR(fit.values.sum().item<double>(), (values[-1] - values[0]).item<double>(), 1e-9);
      sum += (fit.values - exact).square().mean().item<double>();
    }
    return sum / kSeeds;
  };
  // The mean squared error of a regression with 12 unknowns falls like 1 / (sets - 12), and drawing
  // 400 of 4,096 sets without replacement takes off another 5%. Each mean is over some 2,000
  // squares: the ratio's standard error is about 4%, and three of them are allowed.
  EXPECT_NEAR(error(200) / error(400), 388.0 / 188 * 1.05, 0.26);
}

TEST(KernelShap, SaysWhenTheBudgetIsTooSmall) {
  EXPECT_THROW(kernel_shap(additive_game(at::ones({10}, torch::kFloat64)), 10, 8, 0),
               std::invalid_argument);
}

}  // namespace kernel_shap_test
}  // namespace assay::interp::attribution
