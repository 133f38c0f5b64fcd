#include "interp/attribution/marginal_effects.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

namespace assay::interp::attribution {
namespace marginal_effects_test {

using at::Tensor;

constexpr MaskDesign kBernoulli{.kind = MaskKind::Bernoulli, .ratio = 0.3};
constexpr MaskDesign kBalanced{.kind = MaskKind::Balanced, .ratio = 0.3};
const Tensor kWeights =
    torch::tensor({0.2, -0.1, 0.05, 0.0, 0.3, 0.0, 0.0, 0.1, -0.2, 0.15}, torch::kFloat64);

MaskedRows additive_rows(const MaskDesign& design, uint64_t seed, int64_t steps) {
  const Tensor masks = draw_masks(design, kWeights.size(0), seed, 0, steps);
  return {masks, at::matmul(masks.to(torch::kFloat64), kWeights)};
}

class AdditiveModel : public testing::TestWithParam<MaskDesign> {};

TEST_P(AdditiveModel, HasUnbiasedEffectsWithTheRightStandardErrors) {
  constexpr int kRuns = 400;
  std::vector<Tensor> means, errors;
  for (int run = 0; run < kRuns; ++run) {
    const auto [mean, error] = marginal_effects(
        GetParam(),
        {additive_rows(GetParam(), 2 * run, 90), additive_rows(GetParam(), 2 * run + 1, 90)});
    means.push_back(mean);
    errors.push_back(error);
  }
  const Tensor all = at::stack(means);
  const Tensor deviation = ((all - all.mean(0)).square().sum(0) / (kRuns - 1)).sqrt();
  const Tensor bias = (all.mean(0) - kWeights) / (deviation / std::sqrt(kRuns));
  EXPECT_LT(bias.abs().max().item<double>(), 4);
  // The deviation of 400 runs is known to 3.5%.
  const Tensor ratio = at::stack(errors).mean(0) / deviation;
  EXPECT_GT(ratio.min().item<double>(), 0.87);
  EXPECT_LT(ratio.max().item<double>(), 1.13);
}

INSTANTIATE_TEST_SUITE_P(Designs, AdditiveModel, testing::Values(kBernoulli, kBalanced));

TEST(MarginalEffects, OfBlocksOfOneAreTheEffectsThemselves) {
  const MaskDesign single{.kind = MaskKind::Balanced, .ratio = 0};
  const auto [mean, error] = marginal_effects(single, {additive_rows(single, 1, 25)});
  EXPECT_LT((mean - kWeights).abs().max().item<double>(), 1e-15);
  EXPECT_LT(error.max().item<double>(), 1e-15);
}

// By hand: feature 0 is replaced in rows 1 and 2 (effects 1 and 3), not in rows 3 and 4 (0 and 2).
TEST(MarginalEffects, OfBernoulliRowsAreDifferencesOfMeans) {
  const Tensor masks = torch::tensor({1, 0, 1, 0, 0, 0, 0, 0}).reshape({4, 2}).to(torch::kBool);
  const Tensor effects = torch::tensor({1.0, 3.0, 0.0, 2.0}, torch::kFloat64);
  const auto [mean, error] = marginal_effects(kBernoulli, {{masks, effects}});
  EXPECT_DOUBLE_EQ(mean[0].item<double>(), 2 - 1);
  EXPECT_DOUBLE_EQ(error[0].item<double>(), std::sqrt(2.0 / 2 + 2.0 / 2));
  EXPECT_EQ(mean[1].item<double>(), 0) << "never replaced: nothing is known";
  EXPECT_TRUE(std::isinf(error[1].item<double>()));
}

TEST(MarginalEffects, WithoutACompleteCycleAreUnknown) {
  const auto [mean, error] = marginal_effects(kBalanced, {additive_rows(kBalanced, 1, 2)});
  EXPECT_TRUE(mean.eq(0).all().item<bool>());
  EXPECT_TRUE(error.isinf().all().item<bool>());
}

}  // namespace marginal_effects_test
}  // namespace assay::interp::attribution
