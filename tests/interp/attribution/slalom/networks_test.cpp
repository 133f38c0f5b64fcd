// What SLALOM claims of transformers, on transformers.

#include <gtest/gtest.h>

#include <cmath>

#include "interp/attribution/slalom/sampling.h"
#include "interp/network/network.h"
#include "tests/interp/attribution/slalom/oracle.h"
#include "tests/interp/networks.h"

namespace assay::interp::attribution::slalom {
namespace networks_test {

using at::Tensor;

constexpr int64_t kContext = 40;

// The last position's logit of token 0.
double answer(const Transformer& model, const Sequence& sequence) {
  const Tensor tokens = torch::tensor(sequence, torch::kInt64).unsqueeze(0);
  return logits_at(model, tokens, tokens.size(1) - 1)[0][0].item<double>();
}

// All states stay equal, and attention averages equal values, at any depth.
TEST(WithoutPositions, RepeatingOneTokenChangesNoAnswer) {
  for (TransformerConfig config : assorted_configs()) {
    config.n_ctx = kContext;
    const auto model = random_model(config);
    model->weight("pos_embed.W_pos").detach().zero_();
    for (int64_t token = 0; token < config.d_vocab; ++token)
      for (const int64_t n : {2, 5, 17, 40})
        EXPECT_NEAR(answer(*model, Sequence(n, token)), answer(*model, {token}), 1e-12);
  }
}

TEST(WithPositions, ItDoes) {
  TransformerConfig config = assorted_configs()[0];
  config.n_ctx = kContext;
  const auto model = random_model(config);
  EXPECT_GT(std::abs(answer(*model, Sequence(17, 1)) - answer(*model, {1})), 1e-3);
}

/// One head of width 1 over the channels s, v, 1 and a sum: queries read the 1, keys s, values v;
/// what they write goes to the sum, which is the logit of token 0.
std::shared_ptr<Transformer> hand_built(const Slalom& slalom) {
  enum Channel { kImportance, kValue, kOne, kSum };
  auto model = std::make_shared<Transformer>(TransformerConfig{.d_vocab = slalom.size(),
                                                               .n_ctx = kContext,
                                                               .d_model = 4,
                                                               .d_mlp = 1,
                                                               .n_heads = {1},
                                                               .d_head = {1}});
  model->to(at::kDouble);
  const at::NoGradGuard no_grad;
  model->W_E().select(1, kImportance).copy_(slalom.importance);
  model->W_E().select(1, kValue).copy_(slalom.value);
  model->W_E().select(1, kOne).fill_(1);
  const auto head = [&](const std::string& name) { return model->weight("blocks.0.attn." + name); };
  head("W_Q")[0][kOne][0] = 1;
  head("W_K")[0][kImportance][0] = 1;
  head("W_V")[0][kValue][0] = 1;
  head("W_O")[0][0][kSum] = 1;
  model->W_U()[kSum][0] = 1;
  return model;
}

TEST(OneHeadOfAttention, IsASlalom) {
  const Slalom slalom = random_slalom(9, 2, 2, 1);
  const auto model = hand_built(slalom);
  for (const Sample& sample : short_samples(9, 200, 1, kContext, 2))
    EXPECT_NEAR(answer(*model, sample), predict(slalom, bag_of(sample)), 1e-12);
}

TEST(OneHeadOfAttention, IsReadBackExactly) {
  const Slalom slalom = random_slalom(9, 2, 2, 1);
  const auto model = hand_built(slalom);
  const Target target{.kind = TargetKind::Logit, .token = 0};
  const Problem problem =
      problem_of(attribution::scorer_of(*model, target), {0, 1, 2, 3, 4, 5, 6, 7, 8});
  const Explanation found = explain("slalom", problem);
  EXPECT_LT(rmse(found.readings.at("value"), slalom.value), 1e-9);
  EXPECT_LT(rmse(found.readings.at("importance"), slalom.importance), 1e-9);
  EXPECT_LT(found.diagnostics["mse"].get<double>(), 1e-20);
}

}  // namespace networks_test
}  // namespace assay::interp::attribution::slalom
