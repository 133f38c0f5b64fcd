#include "interp/attribution/probes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "interp/attribution/callback_replacer.h"
#include "tests/interp/attribution/additive.h"

namespace assay::interp::attribution {
namespace probes_test {

using at::Tensor;
using testing::Each;

const SameTypeReplacer kUniform = uniform_replacer(kTokens);

/// Three answers; the target, 0, is the largest while token 2 stands, else the last.
Tensor logits_by_token_two(const Tensor& tokens) {
  const Tensor stands = tokens.select(1, 2).eq(0).to(torch::kFloat64);
  return at::stack({2 * stands - 1, at::zeros_like(stands), at::zeros_like(stands)}, 1);
}

Problem three_answers(const Scorer::Function& logits, const Replacer& replacer = kUniform) {
  Problem problem = black_box(Scorer([logits](const Tensor& tokens) {
                                return at::softmax(logits(tokens), 1).select(1, 0);
                              }),
                              8, replacer);
  problem.logits = Scorer(logits);
  return problem;
}

Probes run(const Problem& problem, const ReagentConfig& config) {
  Probes probes(problem, config);
  probes.run();
  return probes;
}

/// Steps of two probes whose every check agrees.
std::vector<int64_t> steps_if_always_right(const StopPolicy& stop) {
  const Problem problem = three_answers([](const Tensor& tokens) {
    return torch::tensor({1.0, 0.0, 0.0}, torch::kFloat64).expand({tokens.size(0), 3});
  });
  const ReagentConfig config{.probes = 2, .max_steps = 40, .stop = stop};
  return run(problem, config).steps();
}

TEST(StopPolicy, SaysWhenAProbeThatIsAlwaysRightStops) {
  EXPECT_THAT(steps_if_always_right({}), Each(40));
  EXPECT_THAT(steps_if_always_right({.top_k = 1}), Each(1));
  EXPECT_THAT(steps_if_always_right({.top_k = 1, .min_steps = 10}), Each(10));
  EXPECT_THAT(steps_if_always_right({.top_k = 1, .consecutive = 3}), Each(3));
  EXPECT_THAT(steps_if_always_right({.top_k = 1, .check_every = 5}), Each(5));
  // Checks at 15, 20 and 25.
  EXPECT_THAT(
      steps_if_always_right({.top_k = 1, .consecutive = 3, .min_steps = 12, .check_every = 5}),
      Each(25));
}

TEST(StopPolicy, StopsWhenTheBestFeaturesSuffice) {
  const Problem problem = three_answers(logits_by_token_two);
  const ReagentConfig config{
      .probes = 6, .max_steps = 400, .stop = {.top_k = 1, .keep = 1, .draws = 2, .consecutive = 2}};
  const Probes probes = run(problem, config);
  EXPECT_EQ(probes.converged(), 6);
  EXPECT_EQ(probes.raw().argmax().item<int64_t>(), 2);
}

TEST(StopPolicy, ATargetNeverReachedConvergesNowhereAndStillAnswers) {
  const Problem problem = three_answers([](const Tensor& tokens) {
    return torch::tensor({0.0, 1.0, 2.0}, torch::kFloat64).expand({tokens.size(0), 3});
  });
  const Probes probes =
      run(problem, {.probes = 3, .max_steps = 20, .stop = {.top_k = 1, .keep = 2}});
  EXPECT_EQ(probes.converged(), 0);
  EXPECT_THAT(probes.steps(), Each(20));
  EXPECT_NEAR(probes.raw().sum().item<double>(), 1, 1e-12);
  const Explanation explanation =
      reagent(problem, {.probes = 3, .max_steps = 20, .stop = {.top_k = 1, .keep = 2}});
  EXPECT_EQ(explanation.diagnostics["converged"], 0);
}

TEST(StopPolicy, ProbesThatStoppedHaveNoMoreRows) {
  int64_t drawn = 0;
  const CallbackReplacer counting(
      "counting", [&](Sequence sequence, const std::vector<bool>& masked, uint64_t seed) {
        ++drawn;
        for (size_t i = 0; i < sequence.size(); ++i)
          if (masked[i]) sequence[i] = 1 + static_cast<int64_t>(seed % 4);
        return sequence;
      });
  const Problem problem = three_answers(logits_by_token_two, counting);
  const std::vector<int64_t> steps =
      run(problem, {.probes = 6, .max_steps = 100, .stop = {.top_k = 1, .keep = 1}}).steps();
  EXPECT_LT(*std::ranges::min_element(steps), *std::ranges::max_element(steps));
  EXPECT_EQ(drawn, 2 * std::accumulate(steps.begin(), steps.end(), int64_t{0}))
      << "a row and a check per step";
}

TEST(StopPolicy, StopsAllProbesAtAStandardError) {
  const Tensor weights = at::linspace(-0.05, 0.05, 8, torch::kFloat64);
  const Problem problem = black_box(additive_scorer(weights), 8, kUniform);
  const StopPolicy stop{.check_every = 20, .standard_error = 0.01};
  const Probes probes = run(problem, {.probes = 3, .max_steps = 2000, .stop = stop});
  EXPECT_LE(probes.marginal().standard_error.max().item<double>(), 0.01);
  EXPECT_EQ(probes.converged(), 3);
  EXPECT_EQ(probes.steps()[0] % 20, 0);
  EXPECT_LT(probes.steps()[0], 2000);
  const Probes before = run(problem, {.probes = 3, .max_steps = probes.steps()[0] - 20});
  EXPECT_GT(before.marginal().standard_error.max().item<double>(), 0.01) << "not a check too late";
}

TEST(StopPolicy, ByRankNeedsAllLogits) {
  const Problem problem = black_box(additive_scorer(at::zeros({8}, torch::kFloat64)), 8, kUniform);
  EXPECT_THROW(run(problem, {.stop = {.top_k = 1}}), std::invalid_argument);
}

TEST(Probes, CheckInBlocksWithoutChangingWhatAStepDraws) {
  const Tensor weights = at::linspace(-0.05, 0.05, 8, torch::kFloat64);
  const Problem problem = black_box(additive_scorer(weights), 8, kUniform);
  const auto in_blocks = [&](int64_t steps) {
    return run(
        problem,
        {.probes = 2, .max_steps = 64, .stop = {.check_every = steps, .standard_error = 1e-9}});
  };
  const Probes whole = in_blocks(64);
  for (const int64_t steps : {1, 7}) {
    const Probes blocks = in_blocks(steps);
    EXPECT_LT((blocks.raw() - whole.raw()).abs().max().item<double>(), 1e-12);
    EXPECT_TRUE(blocks.marginal().mean.allclose(whole.marginal().mean, 1e-12, 1e-12));
    EXPECT_EQ(blocks.counts().masked, whole.counts().masked);
  }
}

}  // namespace probes_test
}  // namespace assay::interp::attribution
