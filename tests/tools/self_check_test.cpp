#include "tools/self_check.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <random>

#include "interp/network/transformer.h"
#include "tests/interp/blocks.h"
#include "tests/interp/networks.h"

namespace assay::tools {
namespace self_check_test {

TEST(SelfCheck, IdentitiesHoldOnRandomNetworksOfAllKinds) {
  interp::TransformerConfig plain{
      .d_vocab = 7, .n_ctx = 5, .d_model = 8, .d_mlp = 12, .n_heads = {1, 2}, .d_head = {8, 4}};
  interp::TransformerConfig gpt2_like = plain;
  gpt2_like.activation = interp::Activation::Gelu;
  gpt2_like.norm = interp::Norm::Pre;
  gpt2_like.attention_biases = gpt2_like.unembed_bias = true;
  interp::TransformerConfig exact = plain;
  exact.activation = interp::Activation::GeluExact;
  for (const auto& config : {plain, gpt2_like, exact}) {
    const at::NoGradGuard no_grad;
    interp::Transformer model(config);
    interp::initialise(model, {.seed = 3});
    for (at::Tensor& parameter : model.parameters()) parameter.add_(0.1);  // biases, too
    const auto identities = check_identities(model, 0);
    // Each kind of place once, and what components have written together.
    EXPECT_EQ(identities.size(), config.norm == interp::Norm::Pre ? 21u : 18u);
    for (const auto& [formula, error, value] : identities) {
      EXPECT_LT(error, 1e-5 * value) << formula;
      EXPECT_GT(value, 0) << formula;
    }
  }
}

TEST(SelfCheck, IdentitiesHoldOnNetworksOfEveryBlock) {
  const at::NoGradGuard no_grad;
  std::vector<interp::NamedConfig> networks = interp::networks_of_blocks();
  std::mt19937_64 random(9);
  for (int i = 0; i < 40; ++i) networks.push_back({"random", interp::random_config(random)});
  for (const auto& [name, config] : networks) {
    SCOPED_TRACE(name + " " + to_json(config).dump());
    interp::Transformer model(config);
    interp::randomise(model, random(), 0.3);
    const auto identities = check_identities(model, 0);
    const bool sums_up = identities.back().formula.starts_with("logits = all that components");
    EXPECT_EQ(sums_up, config.norm != interp::Norm::Post);
    for (const auto& [formula, error, value] : identities)
      EXPECT_LE(error, 1e-5 * (1 + value)) << formula;
  }
}

}  // namespace self_check_test
}  // namespace assay::tools
