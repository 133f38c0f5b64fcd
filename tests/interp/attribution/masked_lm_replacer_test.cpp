#include "interp/attribution/masked_lm_replacer.h"

#include <gmock/gmock.h>

#include <random>

#include "interp/attribution/masked_inputs.h"
#include "interp/attribution/masks.h"
#include "interp/network/transformer.h"
#include "interp/training/training.h"
#include "tests/interp/attribution/replacers.h"

namespace assay::interp::attribution {
namespace masked_lm_replacer_test {

using at::Tensor;
using testing::UnorderedElementsAre;

constexpr int64_t kStop = 6, kMask = 7;

/// `a b .` with a < b out of 0 … 5, each pair as likely.
LabelledInputs ordered_pairs(uint64_t seed) {
  return [seed](int64_t first, int64_t count) {
    Tensor tokens = at::full({count, 3}, kStop, at::kLong);
    for (int64_t i = 0; i < count; ++i) {
      std::mt19937_64 random(seed * 1'000'003 + static_cast<uint64_t>(first + i));
      const auto a = static_cast<int64_t>(random() % 6), b = static_cast<int64_t>(random() % 5);
      tokens[i][0] = std::min(a, b + (b >= a));
      tokens[i][1] = std::max(a, b + (b >= a));
    }
    return LabelledBatch{.tokens = tokens, .labels = tokens.select(1, 2)};
  };
}

/// A small encoder that knows this language.
std::shared_ptr<Transformer> encoder() {
  static const auto trained = [] {
    auto model = std::make_shared<Transformer>(TransformerConfig{.d_vocab = kMask + 1,
                                                                 .n_ctx = 3,
                                                                 .d_model = 32,
                                                                 .d_mlp = 64,
                                                                 .n_heads = {2, 2},
                                                                 .d_head = {16, 16},
                                                                 .causal = false});
    initialise(*model, {.seed = 1});
    const TrainingConfig config{.phases = {{.steps = 600, .learning_rate = 5e-3}}, .warmup = 20};
    train(*model, config, masked_inputs(ordered_pairs(1), kMask, 0.4, 1),
          masked_inputs(ordered_pairs(2), kMask, 0.4, 2));
    return model;
  }();
  return trained;
}

std::vector<int64_t> tokens_of(const Support& support) {
  std::vector<int64_t> tokens;
  for (const Sequence& filling : support.fillings) tokens.push_back(filling[0]);
  return tokens;
}

TEST(MaskedInputs, HideTokensAndLabelThemWithWhatWasThere) {
  const LabelledInputs inputs = ordered_pairs(1);
  const LabelledInputs masked = masked_inputs(inputs, kMask, 0.3, 4);
  const LabelledBatch batch = masked(5, 2000);
  const Tensor tokens = inputs(5, 2000).tokens, hidden = batch.tokens.eq(kMask);
  EXPECT_TRUE(at::where(hidden, batch.labels, batch.tokens).equal(tokens));
  EXPECT_TRUE(batch.labels.eq(kUnlabelled).equal(hidden.logical_not()));
  EXPECT_NEAR(hidden.to(at::kDouble).mean().item<double>(), 0.3, 4 * std::sqrt(0.21 / 6000));
  EXPECT_TRUE(masked(100, 7).tokens.equal(batch.tokens.narrow(0, 95, 7))) << "slices of a stream";
  EXPECT_THROW(masked_inputs(inputs, kMask, 0, 4), std::invalid_argument);
}

TEST(MaskedLmReplacer, ExpectsWhatTheLanguageAllows) {
  const MaskedLmReplacer replacer(encoder());
  const auto support = replacer.support({0, 2, kStop}, {1});
  EXPECT_THAT(tokens_of(*support), UnorderedElementsAre(1, 3, 4, 5));
  for (const double probability : support->probabilities) EXPECT_NEAR(probability, 0.25, 0.08);
  EXPECT_THAT(tokens_of(*replacer.support({1, 3, kStop}, {0})), UnorderedElementsAre(0, 2));
}

TEST(MaskedLmReplacer, WhereTheLanguageHasOneTokenNothingIsEligible) {
  const MaskedLmReplacer replacer(encoder());
  EXPECT_TRUE(replacer.support({0, 2, kStop}, {2})->fillings.empty());
  const Tensor drawn = replacer.draw({0, 2, kStop}, mask_of({0, 2, kStop}, {2}, 20), 1, 0);
  EXPECT_TRUE(drawn.select(1, 2).eq(kStop).all().item<bool>());
  EXPECT_FALSE(replacer.support({0, 2, kStop}, {0, 1}).has_value()) << "a joint draw";
}

TEST(MaskedLmReplacer, NeighboursMaskedTogetherFitEachOther) {
  const MaskedLmReplacer replacer(encoder());
  int64_t in_order = 0;
  const auto counts = drawn_fillings(replacer, {2, 3, kStop}, {0, 1}, 1000);
  for (const auto& [pair, n] : counts) {
    EXPECT_NE(pair[0], 2);
    EXPECT_NE(pair[1], 3);
    if (pair[0] < pair[1]) in_order += n;
  }
  EXPECT_GE(in_order, 970) << "independent draws: a half";
}

TEST(MaskedLmReplacer, DrawsFollowTheSupportWhateverTheBatch) {
  const MaskedLmReplacer replacer(encoder());
  expect_draws_to_follow_support(replacer, {0, 2, kStop}, {1});
  expect_rows_that_do_not_depend_on_their_batch(replacer, {0, 2, kStop},
                                                draw_masks({.ratio = 0.5}, 3, 1, 0, 100));
}

TEST(MaskedLmReplacer, RefusesACausalNetwork) {
  const auto causal = std::make_shared<Transformer>(TransformerConfig{.d_vocab = 8, .n_ctx = 3});
  EXPECT_THROW(MaskedLmReplacer{causal}, std::invalid_argument);
  EXPECT_THROW(MaskedLmReplacer(encoder(), 0), std::invalid_argument);
}

}  // namespace masked_lm_replacer_test
}  // namespace assay::interp::attribution
