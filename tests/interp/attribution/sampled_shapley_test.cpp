#include "interp/attribution/sampled_shapley.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <set>

#include "interp/attribution/shapley.h"
#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace sampled_shapley_test {

using at::Tensor;

TEST(SampledShapley, OfAnAdditiveGameIsExactWithoutError) {
  const Tensor weights = numbers({1, -2, 0.5, 4});
  const ShapleySample sample = sampled_shapley(additive_game(weights), 4, 2, 1);
  EXPECT_LT(largest_difference(sample.values, weights), 1e-12);
  EXPECT_LT(sample.standard_errors.max().item<double>(), 1e-12);
}

// Pairwise interactions are what antithetic orders cancel: who comes second in one comes first in
// the other, so each pair alone shares every interaction out in halves.
TEST(SampledShapley, OfPairwiseInteractionsIsExactFromEachPair) {
  const Game game = [](const Tensor& kept) {
    const Tensor x = kept.to(torch::kFloat64);
    return 3 * x.select(1, 0) * x.select(1, 1) - x.select(1, 1) * x.select(1, 2);
  };
  const ShapleySample sample = sampled_shapley(game, 3, 2, 2);
  EXPECT_LT(largest_difference(sample.values, numbers({1.5, 1, -0.5})), 1e-12);
}

TEST(SampledShapley, AlwaysSharesOutWhatAllAreWorth) {
  const Tensor values = random_values(7, 1);
  const ShapleySample sample = sampled_shapley(table_game(values), 7, 3, 4);
  EXPECT_NEAR(sample.values.sum().item<double>(), (values[-1] - values[0]).item<double>(), 1e-10);
}

// Over 300 seeds the error measured in standard errors must have a mean square near 1. With 40
// pairs it is Student's t with 39 degrees: mean square 39/37, deviation of one square about 1.6,
// and of the mean of 300 · 5 squares, of which 300 are independent at worst, 0.09.
TEST(SampledShapley, StandardErrorsAreRight) {
  const Tensor values = random_values(5, 2);
  const Tensor exact = shapley_values(table_game(values), 5);
  double sum = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const ShapleySample sample = sampled_shapley(table_game(values), 5, 40, seed);
    sum += ((sample.values - exact) / sample.standard_errors).square().mean().item<double>();
  }
  EXPECT_NEAR(sum / 300, 39.0 / 37, 0.36);
}

TEST(SampledShapley, AsksForNoMoreSetsThanItSays) {
  const int64_t n = 6, pairs = 5;
  std::set<int64_t> asked;
  const Game game = [&](const Tensor& kept) {
    const Tensor bits = bits_of(kept);
    for (int64_t i = 0; i < bits.numel(); ++i) asked.insert(bits[i].item<int64_t>());
    return bits.to(torch::kFloat64);
  };
  sampled_shapley(game, n, pairs, 1);
  EXPECT_LE(asked.size(), static_cast<size_t>(2 * pairs * (n - 1) + 2));
  EXPECT_THROW(sampled_shapley(game, n, 1, 1), std::invalid_argument);
}

}  // namespace sampled_shapley_test
}  // namespace assay::interp::attribution
