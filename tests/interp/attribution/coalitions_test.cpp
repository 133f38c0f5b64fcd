#include "interp/attribution/coalitions.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace coalitions_test {

TEST(Coalitions, AllOfThemComeInTheOrderOfTheirBits) {
  for (const int64_t n : {1, 2, 6})
    EXPECT_TRUE(bits_of(all_coalitions(n)).equal(at::arange(int64_t{1} << n)));
  EXPECT_THROW(all_coalitions(0), std::invalid_argument);
  EXPECT_THROW(all_coalitions(21), std::invalid_argument);
}

TEST(Coalitions, RandomOnesHaveTheSizesAskedForAndHoldEveryFeatureEquallyOften) {
  const int64_t n = 6, draws = 6000;
  statistics::Engine engine(1);
  const std::vector<int64_t> sizes(draws, 2);
  const at::Tensor kept = random_coalitions(engine, sizes, n);
  EXPECT_TRUE(kept.sum(1).eq(2).all().item<bool>());
  // A third of the draws each, binomial.
  const double deviation = 4 * std::sqrt(2.0 / 9 / draws);
  EXPECT_LT((kept.mean(0, false, torch::kFloat64) - 1.0 / 3).abs().max().item<double>(), deviation);
  EXPECT_TRUE(
      random_coalitions(engine, {0, 6}, n).sum(1).equal(torch::tensor({0, 6}, torch::kInt64)));
}

}  // namespace coalitions_test
}  // namespace assay::interp::attribution
