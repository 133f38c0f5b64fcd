#include "interp/training/answers.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/network.h"
#include "interp/training/training.h"
#include "tests/interp/networks.h"
#include "tests/interp/training/toy_training.h"

namespace assay::interp {
namespace answers_test {

using at::Tensor;

constexpr int64_t kLongest = 5;

/// Texts of 1 to 5 tokens (0 … 2) that are answered by their first token, filled up with `filler`.
LabelledInputs first_token(int64_t filler) {
  return [filler](int64_t first, int64_t count) {
    LabelledBatch batch{at::full({count, kLongest}, filler, at::kLong),
                        at::empty({count}, at::kLong), at::empty({count}, at::kLong)};
    for (int64_t i = 0; i < count; ++i) {
      std::mt19937_64 random(static_cast<uint64_t>(first + i));
      const auto length = static_cast<int64_t>(1 + random() % kLongest);
      for (int64_t p = 0; p < length; ++p) batch.tokens[i][p] = static_cast<int64_t>(random() % 3);
      batch.labels[i] = batch.tokens[i][0];
      batch.readouts[i] = length - 1;
    }
    return batch;
  };
}

TransformerConfig sizes() {
  return {.d_vocab = 5,
          .n_ctx = kLongest,
          .d_model = 16,
          .d_mlp = 24,
          .n_heads = {1, 2},
          .d_head = {8, 4}};
}

TEST(Answers, AreThoseOfEachInputAlone) {
  for (const TransformerConfig& config : assorted_configs()) {
    if (!config.causal) continue;  // it sees what fills the rows up
    const auto model = random_model(config);
    LabelledBatch batch{random_tokens(config, 9, config.n_ctx, 3), {}, {}};
    batch.readouts = at::remainder(at::arange(9), config.n_ctx);
    const std::string last = hook::mlp_post(config.n_layers() - 1);
    const auto values = values_at_answers(*model, batch, 0, {hook::logits(), last});
    for (int64_t i = 0; i < 9; ++i) {
      const auto end = batch.readouts[i].item<int64_t>();
      const Tensor alone = batch.tokens.narrow(0, i, 1).narrow(1, 0, end + 1);
      const auto expected =
          model->trace(alone, {.record = {{.place = hook::logits(), .positions = {end}},
                                          {.place = last, .positions = {end}}},
                               .overwrite = {}});
      for (const int which : {0, 1})
        EXPECT_TRUE(values[which][i].allclose(expected[which][0][0], 1e-10, 1e-12)) << i;
    }
  }
}

/// A network that pools its positions must not see what fills the rows up, causal or not.
TEST(Answers, OfPooledNetworksAreThoseOfEachInputAlone) {
  for (const bool causal : {false, true}) {
    TransformerConfig config = sizes();
    config.causal = causal;
    config.pool = Pooling::Mean;
    config.d_output = 2;
    const auto model = random_model(config);
    LabelledBatch batch{random_tokens(config, 9, config.n_ctx, 3), {}, {}};
    EXPECT_TRUE(answer_logits(*model, batch, 1).equal(logits_at(*model, batch.tokens, 0)));
    batch.readouts = at::remainder(at::arange(9), config.n_ctx);
    const Tensor logits = answer_logits(*model, batch, 0);
    for (int64_t i = 0; i < 9; ++i) {
      const auto end = batch.readouts[i].item<int64_t>();
      const Tensor alone = batch.tokens.narrow(0, i, 1).narrow(1, 0, end + 1);
      EXPECT_TRUE(logits[i].allclose(logits_at(*model, alone, end)[0], 1e-10, 1e-12)) << i;
    }
  }
}

TEST(Answers, StandWhereThereAreLabelsByPosition) {
  const TransformerConfig config = assorted_configs()[2];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 2, 4, 3);
  const Tensor labels = at::full_like(tokens, kUnlabelled);
  labels[0][3] = 5;
  labels[1][0] = 6;
  const LabelledBatch batch{tokens, labels, {}};
  EXPECT_TRUE(answer_labels(batch).equal(torch::tensor({5, 6}, at::kLong)));
  const Tensor logits = answer_logits(*model, batch, 2);
  EXPECT_TRUE(logits[0].allclose(logits_at(*model, tokens, 3)[0], 1e-10, 1e-12));
  EXPECT_TRUE(logits[1].allclose(logits_at(*model, tokens, 0)[1], 1e-10, 1e-12));
}

TEST(Answers, AreAtTheReadoutWhereInputsNameNone) {
  const TransformerConfig config = assorted_configs()[2];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 4, config.n_ctx, 3);
  EXPECT_TRUE(answer_logits(*model, {tokens, {}, {}}, 2).equal(logits_at(*model, tokens, 2)));
}

TEST(TrainingOnTextsOfAnyLength, LearnsFromTheEndOfEach) {
  auto model = fresh_model(1, sizes());
  const TrainingConfig config{.phases = {{.steps = 300, .learning_rate = 5e-3}},
                              .batch = 64,
                              .warmup = 10,
                              .readout = kLongest - 1,
                              .held_out = 200};
  const TrainingOutcome outcome = train(*model, config, first_token(3), first_token(4));
  EXPECT_GT(outcome.last.accuracy, 0.95);
}

TEST(TrainingOnTextsOfAnyLength, NeverSeesWhatFillsThemUp) {
  const auto trained = [](int64_t filler) {
    auto model = fresh_model(1, sizes());
    TrainingConfig config = two_phases();
    config.readout = kLongest - 1;
    train(*model, config, first_token(filler), first_token(filler));
    return model;
  };
  const auto left = trained(3), right = trained(4);
  const auto weights = right->named_parameters();
  for (const auto& parameter : left->named_parameters())
    EXPECT_TRUE(parameter.value().allclose(weights[parameter.key()], 1e-4, 1e-5))
        << parameter.key();
}

}  // namespace answers_test
}  // namespace assay::interp
