// Gradient norm, input x gradient and integrated gradients: what they are on a linear network, and
// what holds on any.

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/attribution/integrated_gradients.h"
#include "tests/interp/attribution/games.h"
#include "tests/interp/attribution/inside.h"

namespace assay::interp::attribution {
namespace gradients_test {

using at::Tensor;

const Target kLogit{.kind = TargetKind::Logit, .token = 2};

Tensor embeddings_of(const Transformer& model, const Input& input) {
  return model.W_E().detach().index_select(0, torch::tensor(input.tokens, torch::kInt64));
}

TEST(Gradients, OfALinearNetworkAreClosedForms) {
  const auto model = linear_network();
  const Input input = grouped_input();
  const Tensor gradients = linear_gradients(*model, 2, 5), x = embeddings_of(*model, input);
  const Problem problem = inside_problem(*model, input, kLogit);
  const auto scores = [&](const char* method) { return explain(method, problem).scores; };

  const Tensor squares = sum_grouped(gradients.square().sum(1));
  EXPECT_LT(largest_difference(scores("gradient-norm"), squares.sqrt()), 1e-12);
  const Tensor products = sum_grouped((gradients * x).sum(1));
  EXPECT_LT(largest_difference(scores("input-x-gradient"), products), 1e-12);
  EXPECT_LT(largest_difference(scores("integrated-gradients:zero"), products), 1e-12);
  const Tensor from_mean = sum_grouped((gradients * (x - model->W_E().detach().mean(0))).sum(1));
  EXPECT_LT(largest_difference(scores("integrated-gradients:mean-embedding"), from_mean), 1e-12);
}

TEST(Gradients, BehindPaddingBelongToTheSameTokens) {
  const auto model = linear_network();
  const Input input = grouped_input();
  const Tensor gradients = linear_gradients(*model, 2, 6).narrow(0, 1, 5);
  const Tensor products = sum_grouped((gradients * embeddings_of(*model, input)).sum(1));
  const Problem problem = inside_problem(*model, input, kLogit, {.length = 6, .padding = 4});
  EXPECT_LT(largest_difference(explain("input-x-gradient", problem).scores, products), 1e-12);
  EXPECT_LT(largest_difference(explain("integrated-gradients", problem).scores, products), 1e-12);
}

TEST(IntegratedGradients, AreCompleteOnEveryArchitecture) {
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config, 6);
    Input input = grouped_input();
    for (int64_t& token : input.tokens) token = token % config.d_vocab;
    Problem problem = inside_problem(*model, input, {.kind = TargetKind::LogOdds, .token = 1});
    problem.rows = 20000;
    for (const char* method :
         {"integrated-gradients:zero", "integrated-gradients:mean-embedding"}) {
      const Explanation found = explain(method, problem);
      const double change = found.diagnostics["score"].get<double>() -
                            found.diagnostics["baseline_score"].get<double>();
      EXPECT_NEAR(found.scores.sum().item<double>(), change, 1e-3 * std::abs(change)) << method;
      EXPECT_NEAR(found.diagnostics["score"].get<double>(), problem.scorer.score(input.tokens),
                  1e-12);
      EXPECT_TRUE(found.diagnostics["converged"].get<bool>());
      EXPECT_EQ(found.caveat, "");
      EXPECT_LE(found.rows, problem.rows);
    }
  }
}

TEST(IntegratedGradients, AreCompleteForEveryTarget) {
  const auto model = random_model(assorted_configs()[0], 6);
  for (const TargetKind kind : {TargetKind::Logit, TargetKind::Probability,
                                TargetKind::LogProbability, TargetKind::LogitDifference}) {
    Problem problem =
        inside_problem(*model, grouped_input(), {.kind = kind, .token = 1, .foil = 2});
    problem.rows = 20000;
    const Explanation found = explain("integrated-gradients", problem);
    EXPECT_NEAR(found.diagnostics["score"].get<double>(),
                problem.scorer.score(problem.input.tokens), 1e-12);
    EXPECT_TRUE(found.diagnostics["converged"].get<bool>());
  }
}

TEST(IntegratedGradients, StopAtTheBudgetAndSayHowFarTheyAreOff) {
  const auto model = random_model(assorted_configs()[0], 6);
  const EmbeddedInput input(*model, grouped_input(), {});
  const Tensor zero = input.with_features_at(at::zeros({12}, torch::kFloat64));
  const auto with = [&](int64_t rows) {
    return integrated_gradients(input, kLogit, zero, 1e-9, rows);
  };
  const IntegratedGradients coarse = with(40), fine = with(4000);
  EXPECT_LE(coarse.rows, 40);
  EXPECT_FALSE(coarse.converged);
  EXPECT_LE(fine.rows, 4000);
  EXPECT_GT(coarse.completeness_error(), fine.completeness_error());
  EXPECT_NEAR(fine.relative_completeness_error(),
              fine.completeness_error() / std::abs(fine.score - fine.baseline_score), 1e-15);
}

// d/dα F at many equidistant points, no cleverness: the midpoint rule with 20,000 steps. A jump of
// the gradient by J puts it off by at most J/40,000.
TEST(IntegratedGradients, EqualAPlainSumOverManySteps) {
  const auto model = random_model(assorted_configs()[0], 8);
  const EmbeddedInput input(*model, grouped_input(), {});
  const Target target{.kind = TargetKind::Probability, .token = 1};
  const Tensor zero = input.with_features_at(at::zeros({12}, torch::kFloat64));
  const Tensor difference = input.embeddings() - zero;
  const int64_t steps = 20000;
  const Tensor alpha = ((at::arange(steps, torch::kFloat64) + 0.5) / steps).view({-1, 1, 1});
  const Tensor gradients = input.gradients(target, zero + alpha * difference).gradients;
  const Tensor expected = (gradients.mean(0) * difference).sum(1);
  const IntegratedGradients found = integrated_gradients(input, target, zero, 1e-6, 20000);
  EXPECT_LT(largest_difference(found.of_positions, expected), 1e-4);
}

}  // namespace gradients_test
}  // namespace assay::interp::attribution
