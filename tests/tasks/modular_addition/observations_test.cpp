#include "tasks/modular_addition/observations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "tests/tasks/modular_addition/small_model.h"

namespace assay::tasks::modular_addition {
namespace observations_test {

using at::Tensor;

TEST(Observations, AreWhatTheNetworkHoldsAtTheEqualsSign) {
  const auto model = small_model();
  const Tensor tokens = Pairs({.p = kSmallP}).domain().inputs.tokens;
  const Observations all = observe(*model, tokens);
  EXPECT_TRUE(all.mid.equal(record(*model, tokens, interp::hook::resid_mid(0))));
  EXPECT_TRUE(all.hidden.equal(record(*model, tokens, interp::hook::mlp_post(0))));
  EXPECT_TRUE(all.mlp_out.equal(record(*model, tokens, interp::hook::mlp_out(0))));
  EXPECT_TRUE(all.logits.equal(record(*model, tokens, interp::hook::logits())));
  EXPECT_TRUE(logits_with(*model, all.mid, all.mlp_out).allclose(all.logits, 1e-4, 1e-5));
  const Tensor without = at::matmul(all.mid, model->W_U());
  EXPECT_TRUE(
      logits_with(*model, all.mid, at::zeros_like(all.mlp_out)).allclose(without, 1e-4, 1e-5));
}

TEST(LinearMap, IsFoundWhereThereIsOne) {
  const Tensor x = at::arange(24, torch::kFloat64).view({8, 3}).square().remainder(11);
  const Tensor weight = torch::tensor({{1.0, -2.0}, {0.5, 3.0}, {0.0, 1.0}}, torch::kFloat64);
  const Tensor y = at::matmul(x, weight) + torch::tensor({0.25, -1.0}, torch::kFloat64);
  const LinearMap map = fit(x, y);
  EXPECT_TRUE(map.weight.allclose(weight, 0, 1e-10));
  EXPECT_TRUE(map(x).allclose(y, 0, 1e-10));
  EXPECT_NEAR(explained(map, x, y), 1, 1e-12);
}

TEST(LinearMap, LeavesAResidueThatNoColumnOfXExplains) {
  const Tensor x = at::arange(30, torch::kFloat64).view({10, 3}).square().remainder(7);
  const Tensor y = at::arange(10, torch::kFloat64).view({10, 1}).pow(3).remainder(13);
  const LinearMap map = fit(x, y);
  const Tensor residue = y - map(x);
  EXPECT_LT(residue.sum().abs().item<double>(), 1e-9);
  EXPECT_LT(at::matmul(x.t(), residue).abs().max().item<double>(), 1e-9);
  EXPECT_GT(residue.abs().max().item<double>(), 0.1);
  EXPECT_LT(explained(map, x, y), 0.99);
}

TEST(LinearMap, IsTheSmallestOfSeveralBestOnes) {
  // Two equal columns share the weight.
  const Tensor column = at::arange(6, torch::kFloat64).view({6, 1});
  const LinearMap map = fit(at::cat({column, column}, 1), 4 * column);
  EXPECT_TRUE(map.weight.allclose(at::full({2, 1}, 2, torch::kFloat64), 0, 1e-10));
}

}  // namespace observations_test
}  // namespace assay::tasks::modular_addition
