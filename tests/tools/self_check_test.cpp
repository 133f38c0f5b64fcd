#include "tools/self_check.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/transformer.h"

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

}  // namespace self_check_test
}  // namespace assay::tools
