#include "interp/attribution/attention.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/network.h"
#include "tests/interp/attribution/games.h"
#include "tests/interp/attribution/inside.h"

namespace assay::interp::attribution {
namespace attention_test {

using at::Tensor;

constexpr int64_t kPositions = 5;

/// Pattern of a layer averaged over heads, element by element.
std::vector<std::vector<double>> averaged(const Transformer& model, const Tensor& tokens,
                                          int64_t layer) {
  const Tensor pattern =
      model.trace(tokens, {.record = {{.place = hook::pattern(layer)}}, .overwrite = {}})[0];
  const int64_t heads = pattern.size(1);
  std::vector<std::vector<double>> map(kPositions, std::vector<double>(kPositions));
  for (int64_t q = 0; q < kPositions; ++q)
    for (int64_t k = 0; k < kPositions; ++k)
      for (int64_t h = 0; h < heads; ++h)
        map[q][k] += pattern[0][h][q][k].item<double>() / static_cast<double>(heads);
  return map;
}

class Attentions : public testing::Test {
 protected:
  const TransformerConfig config_ = assorted_configs()[0];  // layers of one and of two heads
  const std::shared_ptr<Transformer> model_ = random_model(config_, 4);
  const Tensor tokens_ = torch::tensor(grouped_input().tokens, torch::kInt64).unsqueeze(0);
  const std::vector<std::vector<double>> first_ = averaged(*model_, tokens_, 0);
  const std::vector<std::vector<double>> second_ = averaged(*model_, tokens_, 1);

  double weight(AttentionReading reading, int64_t key) {
    return attention_weights(*model_, tokens_, reading)[key].item<double>();
  }
};

TEST_F(Attentions, MeanCountsLayersAlikeAndLastReadsTheLast) {
  for (int64_t k = 0; k < kPositions; ++k) {
    EXPECT_NEAR(weight(AttentionReading::Mean, k), (first_[4][k] + second_[4][k]) / 2, 1e-12);
    EXPECT_NEAR(weight(AttentionReading::Last, k), second_[4][k], 1e-12);
  }
}

// (A2 + 1)/2 · (A1 + 1)/2 is a quarter of A2 A1 + A2 + A1 + 1.
TEST_F(Attentions, RolloutIsTheProductOfTheLayersWithTheirResiduals) {
  for (int64_t k = 0; k < kPositions; ++k) {
    double sum = second_[4][k] + first_[4][k] + (k == 4 ? 1 : 0);
    for (int64_t between = 0; between < kPositions; ++between)
      sum += second_[4][between] * first_[between][k];
    EXPECT_NEAR(weight(AttentionReading::Rollout, k), sum / 4, 1e-12);
  }
}

TEST_F(Attentions, ScoresOfFeaturesAndContextSumToOne) {
  const Problem problem =
      inside_problem(*model_, grouped_input(), {.kind = TargetKind::Logit, .token = 1});
  for (const char* preset : {"attention:mean", "attention:last", "attention:rollout"}) {
    const Explanation found = explain(preset, problem);
    EXPECT_NEAR(found.scores.sum().item<double>() + found.diagnostics["context"].get<double>(), 1,
                1e-12);
    EXPECT_EQ(found.scores.numel(), 3);
  }
  EXPECT_LT(
      largest_difference(explain("attention:last", problem).scores,
                         sum_grouped(attention_weights(*model_, tokens_, AttentionReading::Last))),
      1e-12);
}

// The answer is read at the first position, or at all of them.
TEST(AttentionOfPooledNetworks, IsReadWhereTheyAnswer) {
  const Tensor tokens = torch::tensor({{1, 3, 0, 2, 2}}, torch::kInt64);
  for (const Pooling pooling : {Pooling::First, Pooling::Mean}) {
    TransformerConfig config = assorted_configs()[0];
    config.causal = false;
    config.pool = pooling;
    const auto model = random_model(config, 4);
    const std::vector<std::vector<double>> last = averaged(*model, tokens, config.n_layers() - 1);
    const Tensor weights = attention_weights(*model, tokens, AttentionReading::Last);
    for (int64_t k = 0; k < kPositions; ++k) {
      double mean = 0;
      for (int64_t q = 0; q < kPositions; ++q) mean += last[q][k] / kPositions;
      EXPECT_NEAR(weights[k].item<double>(), pooling == Pooling::First ? last[0][k] : mean, 1e-12);
    }
  }
}

}  // namespace attention_test
}  // namespace assay::interp::attribution
