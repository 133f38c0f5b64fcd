#include "interp/attribution/shapley.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace shapley_test {

using at::Tensor;

/// What each feature adds when it comes, over all n! orders, one by one.
std::vector<double> by_permutations(const Tensor& values, int64_t n) {
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> sums(n);
  int64_t orders = 0;
  do {
    int64_t set = 0;
    for (const int64_t i : order) {
      const int64_t with = set | int64_t{1} << i;
      sums[i] += values[with].item<double>() - values[set].item<double>();
      set = with;
    }
    ++orders;
  } while (std::ranges::next_permutation(order).found);
  for (double& sum : sums) sum /= static_cast<double>(orders);
  return sums;
}

TEST(Shapley, IsTheMeanOverAllOrders) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Tensor values = random_values(5, seed);
    EXPECT_LT(largest_difference(shapley_values(table_game(values), 5),
                                 numbers(by_permutations(values, 5))),
              1e-12);
  }
}

TEST(Shapley, SharesOutWhatAllAreWorth) {
  for (const int64_t n : {1, 2, 9}) {
    const Tensor values = random_values(n, 4);
    EXPECT_NEAR(shapley_values(table_game(values), n).sum().item<double>(),
                (values[-1] - values[0]).item<double>(), 1e-10);
  }
}

TEST(Shapley, GivesNothingToANullPlayerAndTheSameToEqualOnes) {
  // The value depends on the number of features 0 and 1, and on feature 2; never on feature 3.
  const Game game = [](const Tensor& kept) {
    const Tensor pair = kept.narrow(1, 0, 2).sum(1).to(torch::kFloat64);
    return pair.square() * (1 + kept.select(1, 2).to(torch::kFloat64));
  };
  const Tensor values = shapley_values(game, 4);
  EXPECT_NEAR(values[3].item<double>(), 0, 1e-12);
  EXPECT_NEAR(values[0].item<double>(), values[1].item<double>(), 1e-12);
  EXPECT_GT(values[2].item<double>(), 0.5);
}

TEST(Shapley, IsLinearInTheGame) {
  const Tensor v = random_values(6, 5), w = random_values(6, 6);
  const auto of = [](const Tensor& values) { return shapley_values(table_game(values), 6); };
  EXPECT_LT(largest_difference(of(2 * v - 3 * w), 2 * of(v) - 3 * of(w)), 1e-11);
}

TEST(Shapley, OfTooManyFeaturesIsRefused) {
  EXPECT_THROW(shapley_values(additive_game(at::ones({16}, torch::kFloat64)), 16),
               std::invalid_argument);
}

}  // namespace shapley_test
}  // namespace assay::interp::attribution
