#include "interp/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/interp/scratch.h"
#include "tests/interp/sites.h"

namespace assay::interp {
namespace {

using testing::ElementsAre;

/// The 2-SAT model: blocks of 1 and 4 heads, 41 positions, no norms.
TransformerConfig two_sat() {
  return {.d_vocab = 16, .n_ctx = 41};
}

Site readout() {
  return at_position(Hook::Logits, 0, 40);
}

Plan plan_of(const std::vector<Site>& record, const std::vector<Site>& overwrite = {},
             const TransformerConfig& config = two_sat()) {
  return Plan(config, record, overwrite, config.n_ctx);
}

/// Positions at which a place is computed; none if it is not.
Positions computed(const Plan& plan, Hook hook, int64_t layer) {
  const Step* step = plan.find({hook, layer});
  return step ? step->computed : Positions{};
}

std::vector<std::string> names(const Plan& plan) {
  std::vector<std::string> all;
  for (const Step& step : plan.steps()) all.push_back(to_string(step.place));
  return all;
}

TEST(PlanTest, TheReadoutNeedsTheLastBlockAtOnePositionOnly) {
  const Plan plan = plan_of({readout()});
  for (const Hook hook :
       {Hook::Q, Hook::AttnScores, Hook::Pattern, Hook::Z, Hook::AttnOut, Hook::ResidMid,
        Hook::MlpPre, Hook::MlpPost, Hook::MlpOut, Hook::ResidPost})
    EXPECT_THAT(computed(plan, hook, 1), ElementsAre(40)) << to_string(Place{hook, 1});
  EXPECT_THAT(computed(plan, Hook::Logits, 0), ElementsAre(40));
}

TEST(PlanTest, TheReadoutNeedsNoKeyAndNoValueOfTheLastBlock) {
  const Plan plan = plan_of({readout()});
  EXPECT_EQ(plan.find({Hook::K, 1}), nullptr);
  EXPECT_EQ(plan.find({Hook::V, 1}), nullptr);
  EXPECT_EQ(plan.find({Hook::AttnScores, 1})->reads, Reads::ThroughMlp);
  EXPECT_EQ(plan.find({Hook::Z, 1})->reads, Reads::ThroughMlp);
}

TEST(PlanTest, TheReadoutNeedsTheFirstMlpsOutputWhereItIsItself) {
  const Plan plan = plan_of({readout()});
  EXPECT_EQ(computed(plan, Hook::MlpPost, 0), positions_up_to(41));
  EXPECT_THAT(computed(plan, Hook::MlpOut, 0), ElementsAre(40));
  EXPECT_THAT(computed(plan, Hook::ResidPost, 0), ElementsAre(40));
}

TEST(PlanTest, TheFirstBlockIsReadOffTables) {
  const Plan plan = plan_of({readout()});
  for (const Hook hook : {Hook::Embed, Hook::PosEmbed, Hook::Q, Hook::K, Hook::V, Hook::Z})
    EXPECT_EQ(plan.find({hook, 0}), nullptr) << to_string(Place{hook, 0});
  for (const Hook hook : {Hook::ResidPre, Hook::AttnScores, Hook::AttnOut})
    EXPECT_TRUE(plan.find({hook, 0})->folded) << to_string(Place{hook, 0});
  EXPECT_TRUE(plan.needs_tokens());
}

TEST(PlanTest, WhatIsSeenOfTheFirstBlockIsNotFoldedAway) {
  const auto folded = [](const Site& seen, Hook hook) {
    return plan_of({readout(), seen}).find({hook, 0})->folded;
  };
  EXPECT_FALSE(folded(whole(Hook::K), Hook::AttnScores));
  EXPECT_FALSE(folded(whole(Hook::Q), Hook::AttnScores));
  EXPECT_FALSE(folded(whole(Hook::V), Hook::AttnOut));
  EXPECT_FALSE(folded(whole(Hook::Z), Hook::AttnOut));
  EXPECT_FALSE(folded(whole(Hook::Embed), Hook::ResidPre));
  EXPECT_TRUE(folded(whole(Hook::Pattern), Hook::AttnScores));
  EXPECT_EQ(computed(plan_of({readout(), whole(Hook::K)}), Hook::K, 0), positions_up_to(41));
}

TEST(PlanTest, SeveralHeadsAreNotFolded) {
  TransformerConfig config = two_sat();
  config.n_heads[0] = 2;
  const Plan plan = plan_of({readout()}, {}, config);
  EXPECT_FALSE(plan.find({Hook::AttnScores, 0})->folded);
  EXPECT_FALSE(plan.find({Hook::AttnOut, 0})->folded);
  EXPECT_EQ(computed(plan, Hook::K, 0), positions_up_to(41));
}

TEST(PlanTest, RecordingTheFirstStreamComputesNothingElse) {
  EXPECT_THAT(names(plan_of({whole(Hook::ResidPre)})), ElementsAre("blocks.0.hook_resid_pre"));
  const Plan one = plan_of({at_position(Hook::ResidPre, 0, 7)});
  EXPECT_THAT(names(one), ElementsAre("blocks.0.hook_resid_pre"));
  EXPECT_THAT(computed(one, Hook::ResidPre, 0), ElementsAre(7));
  EXPECT_EQ(one.multiply_adds(), 0);
}

TEST(PlanTest, NothingRecordedIsNothingComputed) {
  EXPECT_TRUE(plan_of({}, {whole(Hook::ResidPost)}).steps().empty());
  EXPECT_FALSE(plan_of({}).needs_tokens());
}

TEST(PlanTest, AnOverwrittenStreamNeedsNothingBeforeIt) {
  const Plan plan = plan_of({readout()}, {whole(Hook::ResidPost)});
  EXPECT_FALSE(plan.needs_tokens());
  EXPECT_EQ(plan.steps().front().place, (Place{Hook::ResidPost, 0}));
  EXPECT_EQ(plan.steps().front().present, positions_up_to(41));
  EXPECT_TRUE(plan.steps().front().computed.empty());
  EXPECT_EQ(plan.find({Hook::AttnScores, 1})->reads,
            Reads::Absorbed);  // not through what is overwritten
}

TEST(PlanTest, APositionLeftOutIsComputed) {
  Site most = whole(Hook::ResidPost);
  most.positions = positions_up_to(40);
  const Plan plan = plan_of({readout()}, {most});
  EXPECT_TRUE(plan.needs_tokens());
  EXPECT_THAT(computed(plan, Hook::ResidPost, 0), ElementsAre(40));
  EXPECT_THAT(computed(plan, Hook::MlpPre, 0), ElementsAre(40));
  EXPECT_EQ(plan.find({Hook::ResidPost, 0})->present, positions_up_to(41));
}

TEST(PlanTest, OnlyAllHeadsOrNeuronsTogetherReplaceAPlace) {
  const auto heads = [](int64_t n) {
    std::vector<Site> sites;
    for (int64_t head = 0; head < n; ++head) {
      sites.push_back(at_position(Hook::Z, 1, 40));
      sites.back().head = head;
    }
    return sites;
  };
  const Site attention = at_position(Hook::AttnOut, 1, 40);
  EXPECT_TRUE(plan_of({attention}, heads(3)).needs_tokens());
  EXPECT_FALSE(plan_of({attention}, heads(4)).needs_tokens());
  Site neurons = at_position(Hook::MlpPost, 1, 40);
  neurons.neurons = positions_up_to(511);
  EXPECT_TRUE(plan_of({at_position(Hook::MlpOut, 1, 40)}, {neurons}).needs_tokens());
  neurons.neurons = positions_up_to(512);
  EXPECT_FALSE(plan_of({at_position(Hook::MlpOut, 1, 40)}, {neurons}).needs_tokens());
}

TEST(PlanTest, AnOverwrittenPatternNeedsNoQueryAndNoScore) {
  const Plan plan = plan_of({readout()}, {whole(Hook::Pattern, 1)});
  for (const Hook hook : {Hook::Q, Hook::K, Hook::AttnScores})
    EXPECT_EQ(plan.find({hook, 1}), nullptr);
  EXPECT_TRUE(plan.needs_tokens());  // for the values
}

TEST(PlanTest, WhatNobodyReadsIsNotComputed) {
  TransformerConfig config = two_sat();
  config.n_heads[0] = 2;
  const Plan plan = plan_of({at_position(Hook::Z, 0, 2)}, {}, config);
  EXPECT_THAT(computed(plan, Hook::Q, 0), ElementsAre(2));
  EXPECT_THAT(computed(plan, Hook::ResidPre, 0), ElementsAre(0, 1, 2));  // causal
  EXPECT_EQ(plan.find({Hook::ResidMid, 0}), nullptr);
  EXPECT_THAT(names(plan_of({whole(Hook::PosEmbed)})), ElementsAre("hook_pos_embed"));
  EXPECT_FALSE(plan_of({whole(Hook::PosEmbed)}).needs_tokens());
}

TEST(PlanTest, WithoutACausalMaskEveryPositionIsAttendedTo) {
  TransformerConfig config = two_sat();
  config.n_heads[0] = 2;
  config.causal = false;
  const Plan plan = plan_of({at_position(Hook::Z, 0, 2)}, {}, config);
  EXPECT_THAT(computed(plan, Hook::Q, 0), ElementsAre(2));
  EXPECT_EQ(computed(plan, Hook::ResidPre, 0), positions_up_to(41));
}

TEST(PlanTest, ManyQueriesFormKeysAndValues) {
  const Plan plan = plan_of({whole(Hook::Logits)});
  EXPECT_EQ(computed(plan, Hook::K, 1), positions_up_to(41));
  EXPECT_EQ(computed(plan, Hook::V, 1), positions_up_to(41));
  EXPECT_EQ(plan.find({Hook::Z, 1})->reads, Reads::Formed);
}

TEST(PlanTest, NormsKeepAttentionFromReadingThroughTheMlp) {
  TransformerConfig config = two_sat();
  config.norm = Norm::Pre;
  const Plan plan = plan_of({readout()}, {}, config);
  EXPECT_EQ(plan.find({Hook::AttnScores, 1})->reads, Reads::Absorbed);
  EXPECT_EQ(computed(plan, Hook::Ln1, 1), positions_up_to(41));
  EXPECT_THAT(computed(plan, Hook::Ln2, 1), ElementsAre(40));
  EXPECT_THAT(computed(plan, Hook::LnFinal, 0), ElementsAre(40));
}

TEST(PlanTest, StepsComeInOrderAndReadWhatIsPresent) {
  for (const auto& record : {std::vector<Site>{readout()},
                             {whole(Hook::Logits)},
                             {at_position(Hook::K, 1, 5), whole(Hook::Pattern)}}) {
    const Plan plan = plan_of(record);
    const auto order = places(two_sat());
    auto last = order.begin();
    for (const Step& step : plan.steps()) {
      const auto place = std::find(last, order.end(), step.place);
      ASSERT_NE(place, order.end()) << to_string(step.place);
      last = place;
      EXPECT_TRUE(std::ranges::includes(step.present, step.computed));
    }
  }
}

// 4 dimensions, 5 neurons, heads of width 3, 2 positions, 3 tokens.
TransformerConfig tiny(std::vector<int64_t> heads) {
  const std::vector<int64_t> widths(heads.size(), 3);
  return {.d_vocab = 3, .n_ctx = 2, .d_model = 4, .d_mlp = 5, .n_heads = heads, .d_head = widths};
}

TEST(PlanTest, MultiplyAddsOfEveryLogitByHand) {
  // q, k, v: 2 positions · 2 heads · 4 · 3 = 48 each; scores and z: 2 queries · 2 heads · 2 keys ·
  // 3 = 24 each; W_O: 2 · 2 · 3 · 4 = 48; the MLP: 2 · 4 · 5 = 40 in, 40 out; logits: 2 · 4 · 3
  // = 24.
  EXPECT_EQ(plan_of({whole(Hook::Logits)}, {}, tiny({2})).multiply_adds(),
            3 * 48 + 2 * 24 + 48 + 2 * 40 + 24);
}

TEST(PlanTest, MultiplyAddsOfOneLogitByHand) {
  // q: 2 heads · 4 · 3 = 24. W_K moves to the query: 2 heads · (3 · 4 + 2 keys · 4) = 40; so does
  // W_V: 40. W_O: 2 · 3 · 4 = 24; the MLP: 20 in, 20 out; logits: 12.
  EXPECT_EQ(plan_of({at_position(Hook::Logits, 0, 1)}, {}, tiny({2})).multiply_adds(),
            24 + 40 + 40 + 24 + 20 + 20 + 12);
}

TEST(PlanTest, MultiplyAddsThroughAnMlpByHand) {
  // Block 1, both positions: q, k, v, scores, z and W_O as above, 3 · 48 + 2 · 24 + 48; the MLP at
  // both in, 40, at the readout alone out, 20.
  // Block 2, one head: q: 12; W_K and keys: 3 · 4 + 2 · 4 = 20, and with W_out and neurons
  // 4 · 5 + 2 · 5 = 30 more; z the same; W_O: 12; the MLP: 20 and 20; logits: 12.
  EXPECT_EQ(plan_of({at_position(Hook::Logits, 0, 1)}, {}, tiny({2, 1})).multiply_adds(),
            3 * 48 + 2 * 24 + 48 + 40 + 20 + 12 + 2 * 50 + 12 + 40 + 12);
}

TEST(PlanTest, MultiplyAddsOfAFoldedBlockByHand) {
  // Queries and keys: 2 · 2 · 4 · 3 = 48, their products 2 · 2 · 3 = 12; what each position writes:
  // 2 · 2 · 4 · 3 = 48, mixed: 2 · 2 · 4 = 16; MLP 80, logits 24.
  EXPECT_EQ(plan_of({whole(Hook::Logits)}, {}, tiny({1})).multiply_adds(),
            48 + 12 + 48 + 16 + 80 + 24);
}

TEST(PlanTest, OnePositionCostsLessThanAll) {
  EXPECT_LT(plan_of({readout()}).multiply_adds(),
            0.7 * plan_of({whole(Hook::Logits)}).multiply_adds());
}

TEST(PlanTest, ShorterSequencesHaveFewerPositions) {
  const Plan plan(two_sat(), {whole(Hook::Logits)}, {}, 3);
  EXPECT_THAT(computed(plan, Hook::Logits, 0), ElementsAre(0, 1, 2));
  EXPECT_EQ(message_of([] { Plan(two_sat(), {at_position(Hook::Q, 1, 3)}, {}, 3); }),
            "site 'blocks.1.attn.hook_q[pos=3]': position 3 is outside the 3 tokens given");
  EXPECT_EQ(message_of([] { Plan(two_sat(), {}, {at_position(Hook::Q, 1, 40)}, 40); }),
            "site 'blocks.1.attn.hook_q[pos=40]': position 40 is outside the 40 tokens given");
}

}  // namespace
}  // namespace assay::interp
