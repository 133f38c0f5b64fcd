#include "interp/tracing/plan.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/sites.h"
#include "tests/interp/tracing/plan_by_hooks.h"

namespace assay::interp {
namespace plan_test {

using testing::ElementsAre;

/// The 2-SAT model: blocks of 1 and 4 heads, 41 positions, no norms.
TransformerConfig two_sat() {
  return {.d_vocab = 16, .n_ctx = 41};
}

Site readout() {
  return at_position(hook::logits(), 40);
}

/// A plan with the places that it speaks of.
struct Planned {
  std::shared_ptr<const Places> places;
  std::shared_ptr<const Plan> plan;

  const Step* find(const std::string& place) const { return plan->find(places->at(place)); }
  const std::vector<Step>& steps() const { return plan->steps(); }
  bool needs_tokens() const { return plan->needs_tokens(); }
  double multiply_adds() const { return plan->multiply_adds(); }
};

Planned plan_of(const std::vector<Site>& record, const std::vector<Site>& overwrite = {},
                const TransformerConfig& config = two_sat()) {
  const auto places = std::make_shared<const Places>(describe(config));
  return {places, std::make_shared<const Plan>(*places, record, overwrite, config.n_ctx)};
}

/// Positions at which a place is computed; none if it is not.
Positions computed(const Planned& plan, const std::string& place) {
  const Step* step = plan.find(place);
  return step ? step->computed : Positions{};
}

std::vector<std::string> names(const Planned& plan) {
  std::vector<std::string> all;
  for (const Step& step : plan.steps()) all.push_back((*plan.places)[step.place].name);
  return all;
}

TEST(PlanTest, TheReadoutNeedsTheLastBlockAtOnePositionOnly) {
  const Planned plan = plan_of({readout()});
  for (const auto hook :
       {hook::q, hook::attn_scores, hook::pattern, hook::z, hook::attn_out, hook::resid_mid,
        hook::mlp_pre, hook::mlp_post, hook::mlp_out, hook::resid_post})
    EXPECT_THAT(computed(plan, hook(1)), ElementsAre(40)) << hook(1);
  EXPECT_THAT(computed(plan, hook::logits()), ElementsAre(40));
}

TEST(PlanTest, TheReadoutNeedsNoKeyAndNoValueOfTheLastBlock) {
  const Planned plan = plan_of({readout()});
  EXPECT_EQ(plan.find(hook::k(1)), nullptr);
  EXPECT_EQ(plan.find(hook::v(1)), nullptr);
  EXPECT_EQ(plan.find(hook::attn_scores(1))->reads, Reads::ThroughMlp);
  EXPECT_EQ(plan.find(hook::z(1))->reads, Reads::ThroughMlp);
}

TEST(PlanTest, TheReadoutNeedsTheFirstMlpsOutputWhereItIsItself) {
  const Planned plan = plan_of({readout()});
  EXPECT_EQ(computed(plan, hook::mlp_post(0)), positions_up_to(41));
  EXPECT_THAT(computed(plan, hook::mlp_out(0)), ElementsAre(40));
  EXPECT_THAT(computed(plan, hook::resid_post(0)), ElementsAre(40));
}

TEST(PlanTest, TheFirstBlockIsReadOffTables) {
  const Planned plan = plan_of({readout()});
  for (const std::string& place :
       {hook::embed(), hook::pos_embed(), hook::q(0), hook::k(0), hook::v(0), hook::z(0)})
    EXPECT_EQ(plan.find(place), nullptr) << place;
  for (const auto hook : {hook::resid_pre, hook::attn_scores, hook::attn_out})
    EXPECT_TRUE(plan.find(hook(0))->folded) << hook(0);
  EXPECT_TRUE(plan.needs_tokens());
}

TEST(PlanTest, WhatIsSeenOfTheFirstBlockIsNotFoldedAway) {
  const auto folded = [](const Site& seen, std::string (*hook)(int64_t)) {
    return plan_of({readout(), seen}).find(hook(0))->folded;
  };
  EXPECT_FALSE(folded(whole(hook::k(0)), hook::attn_scores));
  EXPECT_FALSE(folded(whole(hook::q(0)), hook::attn_scores));
  EXPECT_FALSE(folded(whole(hook::v(0)), hook::attn_out));
  EXPECT_FALSE(folded(whole(hook::z(0)), hook::attn_out));
  EXPECT_FALSE(folded(whole(hook::embed()), hook::resid_pre));
  EXPECT_TRUE(folded(whole(hook::pattern(0)), hook::attn_scores));
  EXPECT_EQ(computed(plan_of({readout(), whole(hook::k(0))}), hook::k(0)), positions_up_to(41));
}

TEST(PlanTest, SeveralHeadsAreNotFolded) {
  TransformerConfig config = two_sat();
  config.n_heads[0] = 2;
  const Planned plan = plan_of({readout()}, {}, config);
  EXPECT_FALSE(plan.find(hook::attn_scores(0))->folded);
  EXPECT_FALSE(plan.find(hook::attn_out(0))->folded);
  EXPECT_EQ(computed(plan, hook::k(0)), positions_up_to(41));
}

TEST(PlanTest, RecordingTheFirstStreamComputesNothingElse) {
  EXPECT_THAT(names(plan_of({whole(hook::resid_pre(0))})), ElementsAre("blocks.0.hook_resid_pre"));
  const Planned one = plan_of({at_position(hook::resid_pre(0), 7)});
  EXPECT_THAT(names(one), ElementsAre("blocks.0.hook_resid_pre"));
  EXPECT_THAT(computed(one, hook::resid_pre(0)), ElementsAre(7));
  EXPECT_EQ(one.multiply_adds(), 0);
}

TEST(PlanTest, NothingRecordedIsNothingComputed) {
  EXPECT_TRUE(plan_of({}, {whole(hook::resid_post(0))}).steps().empty());
  EXPECT_FALSE(plan_of({}).needs_tokens());
}

TEST(PlanTest, AnOverwrittenStreamNeedsNothingBeforeIt) {
  const Planned plan = plan_of({readout()}, {whole(hook::resid_post(0))});
  EXPECT_FALSE(plan.needs_tokens());
  EXPECT_EQ(names(plan).front(), hook::resid_post(0));
  EXPECT_EQ(plan.steps().front().present, positions_up_to(41));
  EXPECT_TRUE(plan.steps().front().computed.empty());
  EXPECT_EQ(plan.find(hook::attn_scores(1))->reads,
            Reads::Absorbed);  // not through what is overwritten
}

TEST(PlanTest, APositionLeftOutIsComputed) {
  Site most = whole(hook::resid_post(0));
  most.positions = positions_up_to(40);
  const Planned plan = plan_of({readout()}, {most});
  EXPECT_TRUE(plan.needs_tokens());
  EXPECT_THAT(computed(plan, hook::resid_post(0)), ElementsAre(40));
  EXPECT_THAT(computed(plan, hook::mlp_pre(0)), ElementsAre(40));
  EXPECT_EQ(plan.find(hook::resid_post(0))->present, positions_up_to(41));
}

TEST(PlanTest, OnlyAllHeadsOrNeuronsTogetherReplaceAPlace) {
  const auto heads = [](int64_t n) {
    std::vector<Site> sites;
    for (int64_t head = 0; head < n; ++head) {
      sites.push_back(at_position(hook::z(1), 40));
      sites.back().head = head;
    }
    return sites;
  };
  const Site attention = at_position(hook::attn_out(1), 40);
  EXPECT_TRUE(plan_of({attention}, heads(3)).needs_tokens());
  EXPECT_FALSE(plan_of({attention}, heads(4)).needs_tokens());
  Site neurons = at_position(hook::mlp_post(1), 40);
  neurons.neurons = positions_up_to(511);
  EXPECT_TRUE(plan_of({at_position(hook::mlp_out(1), 40)}, {neurons}).needs_tokens());
  neurons.neurons = positions_up_to(512);
  EXPECT_FALSE(plan_of({at_position(hook::mlp_out(1), 40)}, {neurons}).needs_tokens());
}

TEST(PlanTest, AnOverwrittenPatternNeedsNoQueryAndNoScore) {
  const Planned plan = plan_of({readout()}, {whole(hook::pattern(1))});
  for (const auto hook : {hook::q, hook::k, hook::attn_scores})
    EXPECT_EQ(plan.find(hook(1)), nullptr);
  EXPECT_TRUE(plan.needs_tokens());  // for the values
}

TEST(PlanTest, WhatNobodyReadsIsNotComputed) {
  TransformerConfig config = two_sat();
  config.n_heads[0] = 2;
  const Planned plan = plan_of({at_position(hook::z(0), 2)}, {}, config);
  EXPECT_THAT(computed(plan, hook::q(0)), ElementsAre(2));
  EXPECT_THAT(computed(plan, hook::resid_pre(0)), ElementsAre(0, 1, 2));  // causal
  EXPECT_EQ(plan.find(hook::resid_mid(0)), nullptr);
  EXPECT_THAT(names(plan_of({whole(hook::pos_embed())})), ElementsAre("hook_pos_embed"));
  EXPECT_FALSE(plan_of({whole(hook::pos_embed())}).needs_tokens());
}

TEST(PlanTest, WithoutACausalMaskEveryPositionIsAttendedTo) {
  TransformerConfig config = two_sat();
  config.n_heads[0] = 2;
  config.causal = false;
  const Planned plan = plan_of({at_position(hook::z(0), 2)}, {}, config);
  EXPECT_THAT(computed(plan, hook::q(0)), ElementsAre(2));
  EXPECT_EQ(computed(plan, hook::resid_pre(0)), positions_up_to(41));
}

TEST(PlanTest, ManyQueriesFormKeysAndValues) {
  const Planned plan = plan_of({whole(hook::logits())});
  EXPECT_EQ(computed(plan, hook::k(1)), positions_up_to(41));
  EXPECT_EQ(computed(plan, hook::v(1)), positions_up_to(41));
  EXPECT_EQ(plan.find(hook::z(1))->reads, Reads::Formed);
}

TEST(PlanTest, NormsKeepAttentionFromReadingThroughTheMlp) {
  TransformerConfig config = two_sat();
  config.norm = Norm::Pre;
  const Planned plan = plan_of({readout()}, {}, config);
  EXPECT_EQ(plan.find(hook::attn_scores(1))->reads, Reads::Absorbed);
  EXPECT_EQ(computed(plan, hook::ln1(1)), positions_up_to(41));
  EXPECT_THAT(computed(plan, hook::ln2(1)), ElementsAre(40));
  EXPECT_THAT(computed(plan, hook::ln_final()), ElementsAre(40));
}

TEST(PlanTest, StepsComeInOrderAndReadWhatIsPresent) {
  for (const auto& record : {std::vector<Site>{readout()},
                             {whole(hook::logits())},
                             {at_position(hook::k(1), 5), whole(hook::pattern(0))}}) {
    const Planned plan = plan_of(record);
    int last = -1;
    for (const Step& step : plan.steps()) {
      EXPECT_GT(step.place, last);
      last = step.place;
      EXPECT_TRUE(std::ranges::includes(step.present, step.computed));
    }
  }
}

TEST(PlanTest, AValueIsLetGoOnceAfterItsLastReader) {
  const Planned plan = plan_of({readout(), whole(hook::resid_post(0))});
  std::set<int> gone;
  for (const Step& step : plan.steps()) {
    for (const Read& read : (*plan.places)[step.place].reads)
      EXPECT_FALSE(gone.contains(read.from));
    for (const int place : step.last_reads) EXPECT_TRUE(gone.insert(place).second);
  }
  EXPECT_TRUE(gone.contains(plan.places->at(hook::resid_pre(0))));
  EXPECT_FALSE(gone.contains(plan.places->at(hook::resid_post(0))));  // recorded
  EXPECT_FALSE(gone.contains(plan.places->at(hook::logits())));
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
  EXPECT_EQ(plan_of({whole(hook::logits())}, {}, tiny({2})).multiply_adds(),
            3 * 48 + 2 * 24 + 48 + 2 * 40 + 24);
}

TEST(PlanTest, MultiplyAddsOfOneLogitByHand) {
  // q: 2 heads · 4 · 3 = 24. W_K moves to the query: 2 heads · (3 · 4 + 2 keys · 4) = 40; so does
  // W_V: 40. W_O: 2 · 3 · 4 = 24; the MLP: 20 in, 20 out; logits: 12.
  EXPECT_EQ(plan_of({at_position(hook::logits(), 1)}, {}, tiny({2})).multiply_adds(),
            24 + 40 + 40 + 24 + 20 + 20 + 12);
}

TEST(PlanTest, MultiplyAddsThroughAnMlpByHand) {
  // Block 1, both positions: q, k, v, scores, z and W_O as above, 3 · 48 + 2 · 24 + 48; the MLP at
  // both in, 40, at the readout alone out, 20.
  // Block 2, one head: q: 12; W_K and keys: 3 · 4 + 2 · 4 = 20, and with W_out and neurons
  // 4 · 5 + 2 · 5 = 30 more; z the same; W_O: 12; the MLP: 20 and 20; logits: 12.
  EXPECT_EQ(plan_of({at_position(hook::logits(), 1)}, {}, tiny({2, 1})).multiply_adds(),
            3 * 48 + 2 * 24 + 48 + 40 + 20 + 12 + 2 * 50 + 12 + 40 + 12);
}

TEST(PlanTest, MultiplyAddsOfAFoldedBlockByHand) {
  // Queries and keys: 2 · 2 · 4 · 3 = 48, their products 2 · 2 · 3 = 12; what each position writes:
  // 2 · 2 · 4 · 3 = 48, mixed: 2 · 2 · 4 = 16; MLP 80, logits 24.
  EXPECT_EQ(plan_of({whole(hook::logits())}, {}, tiny({1})).multiply_adds(),
            48 + 12 + 48 + 16 + 80 + 24);
}

TEST(PlanTest, OnePositionCostsLessThanAll) {
  EXPECT_LT(plan_of({readout()}).multiply_adds(),
            0.7 * plan_of({whole(hook::logits())}).multiply_adds());
}

TEST(PlanTest, ShorterSequencesHaveFewerPositions) {
  const Places places = describe(two_sat());
  const Plan plan(places, {whole(hook::logits())}, {}, 3);
  EXPECT_THAT(plan.find(places.logits)->computed, ElementsAre(0, 1, 2));
  EXPECT_EQ(message_of([&] { Plan(places, {at_position(hook::q(1), 3)}, {}, 3); }),
            "site 'blocks.1.attn.hook_q[pos=3]': position 3 is outside the 3 tokens given");
  EXPECT_EQ(message_of([&] { Plan(places, {}, {at_position(hook::q(1), 40)}, 40); }),
            "site 'blocks.1.attn.hook_q[pos=40]': position 40 is outside the 40 tokens given");
}

/// What two plans have in common to say, as text. Keys are those of attention alone.
template <typename AnyStep>
std::string text_of(const std::string& place, const AnyStep& step) {
  const bool attends = place.ends_with("hook_attn_scores") || place.ends_with("hook_pattern") ||
                       place.ends_with("hook_z") || place.ends_with("hook_attn_out");
  return fmt::format("{} present {} computed {} keys {} reads {}{}\n", place, step.present,
                     step.computed, attends ? step.n_keys : 0, static_cast<int>(step.reads),
                     step.folded ? " folded" : "");
}

/// The plan that was written for one architecture, hook by hook, is kept as a witness
/// (plan_by_hooks.h): steps, positions and shortcuts come out the same.
TEST(PlanTest, PlansAgreeWithThoseMadeHookByHook) {
  std::mt19937_64 random(8);
  const auto configs = assorted_configs();
  std::map<std::string, int> seen;  // shortcuts, so that none is missed
  for (int trial = 0; trial < 10000; ++trial) {
    TransformerConfig config = configs[random() % configs.size()];
    config.n_ctx = 4 + static_cast<int64_t>(random() % 9);
    config.d_model = 4 + static_cast<int64_t>(random() % 60);
    const Places places = describe(config);
    const auto n_pos = 1 + static_cast<int64_t>(random() % config.n_ctx);
    std::vector<Site> record, overwrite;
    const bool only_answer = random() % 3 == 0;
    if (only_answer) record.push_back(at_position(hook::logits(), n_pos - 1));
    for (uint64_t i = 0; i < (only_answer ? 0 : 1 + random() % 3); ++i)
      record.push_back(random_site(places, n_pos, random));
    for (uint64_t i = 0; i < random() % 4; ++i)
      overwrite.push_back(random_site(places, n_pos, random));
    const Plan plan(places, record, overwrite, n_pos);
    const by_hooks::Plan expected(config, record, overwrite, n_pos);
    std::string found, wanted;
    for (const Step& step : plan.steps()) {
      found += text_of(places[step.place].name, step);
      if (step.folded) ++seen["folded " + places[step.place].name];
      if (step.reads != Reads::Formed)
        ++seen[fmt::format("reads {}", static_cast<int>(step.reads))];
    }
    for (const by_hooks::Step& step : expected.steps())
      wanted += text_of(to_string(step.place), step);
    ASSERT_EQ(found, wanted) << fmt::format("trial {}", trial);
    EXPECT_EQ(plan.needs_tokens(), expected.needs_tokens());
    EXPECT_EQ(plan.multiply_adds(), expected.multiply_adds());
  }
  EXPECT_EQ(seen.size(), 5u);
  for (const auto& [shortcut, times] : seen) EXPECT_GT(times, 100) << shortcut;
}

}  // namespace plan_test
}  // namespace assay::interp
