#include "interp/attribution/embedded_input.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/network.h"
#include "tests/interp/attribution/games.h"
#include "tests/interp/attribution/inside.h"
#include "tests/interp/with_threads.h"

namespace assay::interp::attribution {
namespace embedded_input_test {

using at::Tensor;

TEST(EmbeddedInput, AsItIsGivesTheLogitsOfTheTokens) {
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Input input = grouped_input();
  for (const Framing& framing : {Framing{}, Framing{.length = 6, .padding = 4}}) {
    const EmbeddedInput embedded(*model, input, framing);
    const Tensor expected = logits_scorer_of(*model, framing)({input.tokens});
    const Tensor logits = embedded.logits(embedded.embeddings().unsqueeze(0));
    EXPECT_LT(largest_difference(logits, expected), 1e-12);
  }
}

TEST(EmbeddedInput, FeaturesKeepTheirPlacesBehindThePadding) {
  const auto model = random_model(assorted_configs()[0]);
  const EmbeddedInput embedded(*model, grouped_input(), {.length = 6, .padding = 4});
  EXPECT_TRUE(embedded.summed(numbers({32, 1, 2, 4, 8, 16})).equal(numbers({1 + 4, 2, 16})));
  EXPECT_TRUE(
      embedded.spread(numbers({0.1, 0.2, 0.3}), 9).equal(numbers({9, 0.1, 0.2, 0.1, 9, 0.3})));
  const Tensor vector = at::full({12}, 7, torch::kFloat64);
  const Tensor changed = embedded.with_features_at(vector).eq(7).all(1);
  EXPECT_TRUE(changed.equal(torch::tensor({0, 1, 1, 1, 0, 1}).to(torch::kBool)));
}

TEST(EmbeddedInput, GradientsEqualFiniteDifferencesForEveryTarget) {
  const std::vector<Target> targets = {
      {.kind = TargetKind::Logit, .token = 2},
      {.kind = TargetKind::LogOdds, .token = 1},
      {.kind = TargetKind::Probability, .token = 2},
      {.kind = TargetKind::LogProbability, .token = 0},
      {.kind = TargetKind::LogitDifference, .token = 0, .foil = 2},
  };
  const double h = 1e-6;
  for (const size_t which : {0, 1, 2, 4}) {
    const auto model = random_model(assorted_configs()[which], 5);
    Input input = grouped_input();
    for (int64_t& token : input.tokens) token = token % 3;
    const EmbeddedInput embedded(*model, input, {});
    const Tensor x = embedded.embeddings();
    for (const Target& target : targets) {
      const auto [scores, gradients] = embedded.gradients(target, x.unsqueeze(0));
      const Tensor steps = h * at::eye(x.numel(), torch::kFloat64).view({-1, x.size(0), x.size(1)});
      const Tensor above = evaluate(target, embedded.logits(x + steps));
      const Tensor below = evaluate(target, embedded.logits(x - steps));
      const Tensor expected = (above - below) / (2 * h);
      const Tensor off = (gradients.flatten() - expected).abs() / (1 + expected.abs());
      EXPECT_LT(off.max().item<double>(), 1e-6);
      EXPECT_NEAR(scores.item<double>(),
                  evaluate(target, embedded.logits(x.unsqueeze(0))).item<double>(), 1e-12);
    }
  }
}

TEST(EmbeddedInput, RowsAreTheSameWhateverTheBatchAndTheThreads) {
  const auto model = random_model(assorted_configs()[2]);
  const EmbeddedInput embedded(*model, grouped_input(), {});
  const Tensor scale = at::linspace(0, 1, 70, torch::kFloat64).view({-1, 1, 1});
  const Tensor rows = embedded.embeddings() * scale;
  const Target target{.kind = TargetKind::LogOdds, .token = 1};
  const auto run = [&](int threads) {
    const WithThreads guard(threads);
    const at::NoGradGuard no_grad;  // the caller's setting is no business of a method's
    return embedded.gradients(target, rows);
  };
  const auto one = run(1), two = run(2);
  EXPECT_TRUE(one.scores.equal(two.scores));
  EXPECT_TRUE(one.gradients.equal(two.gradients));
  const auto alone = embedded.gradients(target, rows.narrow(0, 65, 1));
  EXPECT_LT(largest_difference(one.gradients[65], alone.gradients[0]), 1e-12);
}

TEST(EmbeddedInput, ARankHasNoGradient) {
  const auto model = linear_network();
  const EmbeddedInput embedded(*model, grouped_input(), {});
  EXPECT_THROW(embedded.gradients({.kind = TargetKind::Rank, .token = 1},
                                  embedded.embeddings().unsqueeze(0)),
               std::invalid_argument);
}

}  // namespace embedded_input_test
}  // namespace assay::interp::attribution
