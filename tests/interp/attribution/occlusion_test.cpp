#include "interp/attribution/occlusion.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/attribution/callback_replacer.h"
#include "tests/interp/attribution/additive.h"

namespace assay::interp::attribution {
namespace occlusion_test {

using at::Tensor;

const SameTypeReplacer kUniform = uniform_replacer(kTokens);
const Tensor kWeights = torch::tensor({0.3, -0.1, 0.0, 0.25}, torch::kFloat64);

TEST(Occlusion, OfAnAdditiveModelGivesItsWeights) {
  const Explanation explanation =
      explain("occlusion", black_box(additive_scorer(kWeights), 4, kUniform));
  EXPECT_EQ(explanation.method, "occlusion:replacement");
  EXPECT_LT((explanation.scores - kWeights).abs().max().item<double>(), 1e-15);
  EXPECT_FALSE(explanation.standard_errors.defined());
  EXPECT_EQ(explanation.rows, 1 + 4 * (kTokens - 1));
}

// The value is the product of the tokens 2 and 4; by hand, with 1 … 5 as tokens and the own one
// out.
TEST(Occlusion, IsTheMeanOverEverythingThatMayStandThere) {
  const Scorer product([](const Tensor& tokens) { return tokens.prod(1); });
  const SameTypeReplacer digits("digits", {0, 1, 1, 1, 1, 1});
  Problem problem = black_box(product, 2, digits, TargetKind::Logit);
  problem.input.tokens = {2, 4};
  const Tensor alone = explain("occlusion", problem).scores;
  EXPECT_DOUBLE_EQ(alone[0].item<double>(), 8 - 4 * (1 + 3 + 4 + 5) / 4.0);
  EXPECT_DOUBLE_EQ(alone[1].item<double>(), 8 - 2 * (1 + 2 + 3 + 5) / 4.0);

  problem.input.features = {{.name = "both", .positions = {0, 1}}};
  const Explanation group = explain("occlusion", problem);
  EXPECT_DOUBLE_EQ(group.scores[0].item<double>(), 8 - 13.0 / 4 * 11.0 / 4);
  EXPECT_EQ(group.diagnostics["exact"], 1);
}

TEST(Occlusion, GivesNothingToWhatCannotBeReplaced) {
  const SameTypeReplacer types("types", {0, 1, 1, 1, 1});  // token 0 is alone
  Problem problem = black_box(additive_scorer(kWeights), 4, types);
  problem.input.tokens = {0, 1, 1, 0};
  const Explanation explanation = explain("occlusion", problem);
  EXPECT_EQ(explanation.scores[0].item<double>(), 0);
  EXPECT_EQ(explanation.diagnostics["eligible"], 2);
  problem.input.tokens = {0, 0, 0, 0};
  EXPECT_THROW(explain("occlusion", problem), std::invalid_argument);
}

TEST(Occlusion, SamplesWhereNothingIsListedAndSaysSo) {
  // Replaces by 1 … 4, but the feature's weight counts only for 1 and 2.
  const CallbackReplacer callback(
      "callback", [](Sequence sequence, const std::vector<bool>& masked, uint64_t seed) {
        for (size_t i = 0; i < sequence.size(); ++i)
          if (masked[i]) sequence[i] = 1 + static_cast<int64_t>(seed % 4);
        return sequence;
      });
  const Scorer scorer([](const Tensor& tokens) {
    return at::matmul(tokens.gt(2).logical_or(tokens.eq(0)).to(torch::kFloat64), kWeights);
  });
  Problem problem = black_box(scorer, 4, callback);
  problem.rows = 4000;
  const Explanation explanation = explain("occlusion", problem);
  EXPECT_EQ(explanation.diagnostics["sampled"], 4);
  const Tensor z =
      (explanation.scores - kWeights / 2) / explanation.standard_errors.clamp_min(1e-9);
  EXPECT_LT(z.abs().max().item<double>(), 4);
  EXPECT_NEAR(explanation.standard_errors[0].item<double>(), 0.15 / std::sqrt(1000), 1e-4);
}

TEST(Occlusion, DeletesWhereAsked) {
  const Scorer sum([](const Tensor& tokens) { return tokens.sum(1); });
  Problem problem = black_box(sum, 3, kUniform);
  problem.input.tokens = {1, 2, 4};
  problem.replacer = nullptr;
  const Explanation explanation = explain("occlusion:deletion", problem);
  EXPECT_TRUE(explanation.scores.equal(torch::tensor({1.0, 2.0, 4.0}, torch::kFloat64)));
}

}  // namespace occlusion_test
}  // namespace assay::interp::attribution
