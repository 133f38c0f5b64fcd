#include "interp/attribution/lime.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace lime_test {

using at::Tensor;

TEST(Lime, OfAnAdditiveGameIsItsWeightsUpToThePenalty) {
  const Tensor weights = numbers({1, -2, 0.5, 4, 0, 1});
  const auto error = [&](int64_t samples, double penalty) {
    const LinearFit fit =
        lime(additive_game(weights), 6, {.samples = samples, .penalty = penalty, .seed = 1});
    return largest_difference(fit.coefficients, weights);
  };
  EXPECT_LT(error(100, 0), 1e-10);
  // The pull of the penalty falls like one over the total weight of the samples.
  EXPECT_NEAR(error(1000, 1) / error(10000, 1), 10, 1.5);
  EXPECT_LT(error(10000, 1), 0.02);
}

TEST(Lime, SamplesStartWithTheInputAndRemoveUniformlyManyFeaturesButNeverAll) {
  Tensor seen;
  const Game game = [&](const Tensor& kept) {
    seen = kept;
    return kept.sum(1).to(torch::kFloat64);
  };
  lime(game, 4, {.samples = 6001, .seed = 2});
  const Tensor sizes = seen.sum(1);
  EXPECT_EQ(sizes[0].item<int64_t>(), 4);
  const Tensor counts = at::bincount(sizes.narrow(0, 1, 6000), {}, 5);
  EXPECT_EQ(counts[0].item<int64_t>(), 0);
  EXPECT_EQ(counts[4].item<int64_t>(), 0);
  // 2000 each, binomial with deviation 36.5.
  for (int64_t k = 1; k <= 3; ++k) EXPECT_NEAR(counts[k].item<double>(), 2000, 150);
}

// Of two features one sample keeps the first, one the second: v = 0 alone and 1 together. At cosine
// √(1/2) the package's kernel is exp(-(100 (1 - √½))²/1250) = 0.50344. By symmetry both
// coefficients are equal, β; with m samples of either kind the objective in (b, β) is (1 - b - 2β)²
// + 2 m w (b + β)² + 2 β². Eliminating b: the spread of Σx is (1)(2mw)/(1 + 2mw) = S, so that β =
// S/(S + 2).
TEST(Lime, WeighsSamplesByTheKernelOfThePackage) {
  const Game both = [](const Tensor& kept) { return kept.all(1).to(torch::kFloat64); };
  const double width = 25, d = 100 * (1 - std::sqrt(0.5));
  const double w = std::exp(-d * d / (2 * width * width));
  EXPECT_NEAR(w, 0.50344, 1e-5);
  Tensor seen;
  const Game game = [&](const Tensor& kept) {
    seen = kept;
    return both(kept);
  };
  uint64_t seed = 0;  // one under which both features are kept equally often
  LinearFit fit;
  do {
    fit = lime(game, 2, {.samples = 11, .seed = seed++});
  } while (!seen.sum(0).equal(torch::tensor({6, 6}, torch::kInt64)));
  const double S = 10 * w / (1 + 10 * w);
  EXPECT_NEAR(fit.coefficients[0].item<double>(), S / (S + 2), 1e-12);
  EXPECT_NEAR(fit.coefficients[1].item<double>(), S / (S + 2), 1e-12);
}

TEST(Lime, RefusesTooFewSamples) {
  EXPECT_THROW(lime(additive_game(numbers({1})), 1, {.samples = 1}), std::invalid_argument);
}

}  // namespace lime_test
}  // namespace assay::interp::attribution
