#include "circuits/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "interp/transformer.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace {

using interp::Hook;
using interp::Place;
using interp::Site;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// The shape of the 2-SAT model, narrower and shorter.
interp::TransformerConfig config() {
  return {.d_vocab = 4, .n_ctx = 5, .d_model = 8, .d_mlp = 6, .n_heads = {1, 2}, .d_head = {4, 3}};
}
constexpr int64_t kReadout = 4;

std::vector<std::string> around(const std::vector<std::string>& sites, int64_t readout = kReadout,
                                const interp::TransformerConfig& model = config()) {
  std::vector<Site> parsed;
  for (const std::string& site : sites) parsed.push_back(interp::parse_site(site, model));
  return path_around(parsed, model, readout);
}

TEST(CutTest, TheResidualStreamAtAllPositionsIsComplete) {
  for (const char* stream :
       {"blocks.0.hook_resid_pre", "blocks.0.hook_resid_post", "blocks.1.hook_resid_pre"})
    EXPECT_THAT(around({stream}), IsEmpty()) << stream;
}

TEST(CutTest, WithoutACausalMaskLaterPositionsReachTheReadout) {
  interp::TransformerConfig model = config();
  const std::string before = "hook_embed[pos=0,1,2]";
  EXPECT_THAT(around({before}, 2, model), IsEmpty());
  model.causal = false;
  EXPECT_THAT(around({before}, 2, model), Not(IsEmpty()));
  EXPECT_THAT(around({"hook_embed"}, 2, model), IsEmpty());
}

TEST(CutTest, TheTokensEmbeddingsAreComplete) {
  EXPECT_THAT(around({"hook_embed"}), IsEmpty());
  EXPECT_THAT(around({"hook_embed[pos=0,1,2,3]"}), Not(IsEmpty()));
  EXPECT_THAT(around({"hook_pos_embed"}), Not(IsEmpty()));
}

TEST(CutTest, TheStreamBesideTheHiddenLayerIsCompleteAtTheReadout) {
  EXPECT_THAT(around({"blocks.1.hook_resid_mid[pos=4]", "blocks.1.mlp.hook_post[pos=4]"}),
              IsEmpty());
  EXPECT_THAT(around({"blocks.1.hook_resid_mid[pos=4]", "blocks.1.hook_mlp_out[pos=4]"}),
              IsEmpty());
  EXPECT_THAT(around({"blocks.1.mlp.hook_post[pos=4]"}), Not(IsEmpty()));
  // The whole MLP hangs on its input: overwriting the stream covers the hidden layer too.
  EXPECT_THAT(around({"blocks.1.hook_resid_mid[pos=4]"}), IsEmpty());
  EXPECT_THAT(around({"blocks.1.hook_resid_mid[pos=3]", "blocks.1.mlp.hook_post[pos=3]"}),
              Not(IsEmpty()));
}

TEST(CutTest, LogitsAndTheLastStreamAtTheReadoutAreComplete) {
  EXPECT_THAT(around({"logits[pos=4]"}), IsEmpty());
  EXPECT_THAT(around({"blocks.1.hook_resid_post[pos=4]"}), IsEmpty());
  EXPECT_THAT(around({"logits[pos=3]"}), Not(IsEmpty()));
  EXPECT_THAT(around({"logits[pos=3]"}, 3), IsEmpty());
  EXPECT_THAT(around({}), Not(IsEmpty()));
}

TEST(CutTest, OneMissingPositionIsAWayAround) {
  for (const char* most : {"1,2,3,4", "0,2,3,4", "0,1,2,3"})
    EXPECT_THAT(around({fmt::format("blocks.0.hook_resid_post[pos={}]", most)}), Not(IsEmpty()));
  EXPECT_THAT(around({"blocks.0.hook_resid_post[pos=0,1,2]"}, 2),
              IsEmpty());  // later ones are no matter
}

TEST(CutTest, HeadsAloneLeaveTheResidualStream) {
  EXPECT_THAT(around({"blocks.1.attn.hook_z[head=0]"}), Not(IsEmpty()));
  EXPECT_THAT(around({"blocks.1.attn.hook_z"}), Not(IsEmpty()));
  EXPECT_THAT(around({"blocks.1.attn.hook_z[head=0]", "blocks.1.attn.hook_z[head=1]"}),
              Not(IsEmpty()));
}

TEST(CutTest, HeadsAndNeuronsCutOnlyTogether) {
  // Beside the stream before it, attention is cut by both of its heads, or by its patterns and
  // values.
  const std::string stream = "blocks.1.hook_resid_pre[pos=4]";
  EXPECT_THAT(around({stream, "blocks.1.attn.hook_z[pos=4]"}), IsEmpty());
  EXPECT_THAT(
      around({stream, "blocks.1.attn.hook_z[pos=4;head=0]", "blocks.1.attn.hook_z[pos=4;head=1]"}),
      IsEmpty());
  EXPECT_THAT(around({stream, "blocks.1.attn.hook_z[pos=4;head=0]"}), Not(IsEmpty()));
  EXPECT_THAT(around({stream, "blocks.1.attn.hook_pattern", "blocks.1.attn.hook_v"}), IsEmpty());
  EXPECT_THAT(around({stream, "blocks.1.attn.hook_pattern"}), Not(IsEmpty()));
  const std::string pre = "blocks.1.hook_resid_pre[pos=4]", out = "blocks.1.hook_attn_out[pos=4]";
  EXPECT_THAT(around({pre, out, "blocks.1.mlp.hook_pre[neuron=0,1,2]"}), IsEmpty());
  // Of the MLP before, the neurons alone are not enough, since the stream passes by.
  EXPECT_THAT(around({"blocks.0.mlp.hook_post[neuron=0,1,2]",
                      "blocks.0.mlp.hook_post[neuron=3,4,5]", "blocks.0.hook_resid_mid"}),
              IsEmpty());
}

TEST(CutTest, NormsAreAWayOfTheirOwn) {
  interp::TransformerConfig normed = config();
  normed.norm = interp::Norm::Pre;
  EXPECT_THAT(around({"ln_final.hook_normalized[pos=4]"}, 4, normed), IsEmpty());
  EXPECT_THAT(around({"blocks.1.ln1.hook_normalized"}, 4, normed), Not(IsEmpty()));
  EXPECT_THAT(around({"blocks.1.ln1.hook_normalized", "blocks.1.hook_resid_pre[pos=4]"}, 4, normed),
              IsEmpty());
}

/// Place and position of a step such as "blocks.0.hook_resid_post@3".
std::pair<Place, int64_t> parse_step(const std::string& step) {
  const size_t at = step.find('@');
  return {interp::parse_site(step.substr(0, at), config()).place, std::stoll(step.substr(at + 1))};
}

/// Does the path start at a token, end at the readout, follow the network's dependencies and avoid
/// what the sites cover?
void expect_real_path(const std::vector<std::string>& path, const std::vector<Site>& sites) {
  ASSERT_THAT(path, Not(IsEmpty()));
  EXPECT_THAT(path.front(), HasSubstr("hook_embed@"));
  EXPECT_EQ(path.back(), fmt::format("logits@{}", kReadout));
  for (size_t i = 0; i < path.size(); ++i) {
    const auto [place, pos] = parse_step(path[i]);
    for (const Site& site : sites) {
      const bool whole = !site.head && site.neurons.empty();
      const bool here = site.positions.empty() || std::ranges::count(site.positions, pos);
      EXPECT_FALSE(site.place == place && whole && here) << path[i] << " is overwritten";
    }
    if (i == 0) continue;
    const auto [before, before_pos] = parse_step(path[i - 1]);
    const auto inputs = interp::dependencies(place, config());
    const auto input = std::ranges::find(inputs, before, &interp::Dependency::from);
    ASSERT_NE(input, inputs.end()) << path[i] << " does not read " << path[i - 1];
    EXPECT_TRUE(input->earlier_positions ? before_pos <= pos : before_pos == pos);
  }
}

TEST(CutTest, ThePathReturnedIsRealAndAvoidsTheSites) {
  for (const std::vector<std::string>& sites :
       {std::vector<std::string>{},
        {"blocks.0.hook_resid_post[pos=0,1,3,4]"},
        {"blocks.1.attn.hook_z"},
        {"blocks.1.hook_resid_mid[pos=3]", "blocks.1.mlp.hook_post"},
        {"blocks.0.hook_resid_pre[pos=1,2,3,4]", "blocks.1.hook_mlp_out"}}) {
    std::vector<Site> parsed;
    for (const std::string& site : sites) parsed.push_back(interp::parse_site(site, config()));
    expect_real_path(around(sites), parsed);
  }
}

/// A cut is complete iff, whatever the tokens, the logits do not change once the sites are fixed.
TEST(CutTest, CompleteMeansThatTheTokensNoLongerMatter) {
  std::mt19937_64 random(4);
  interp::Transformer model(config());
  interp::randomise(model, 6, 0.4);  // attention not so sharp that a path carries nothing
  model.to(at::kDouble);
  const auto weights = interp::weights_of(model);
  const at::Tensor one = torch::tensor({{0, 1, 2, 3, 0}}, torch::kLong),
                   other = torch::tensor({{3, 2, 0, 1, 1}}, torch::kLong);
  const interp::NaiveForward run(config(), weights, one);
  const Site logits{.place = {Hook::Logits, 0}, .positions = {kReadout}};
  const auto all = interp::places(config());
  int complete = 0;
  for (int trial = 0; trial < 150; ++trial) {
    std::vector<Site> sites;
    std::vector<interp::Overwrite> fixed;
    for (uint64_t i = 0; i < 1 + random() % 4; ++i) {
      Site site{.place = all[random() % all.size()]};
      if (random() % 2)
        for (int64_t pos = 0; pos < 5; ++pos)
          if (pos == kReadout || random() % 4) site.positions.push_back(pos);
      if (interp::has_heads(site.place.hook) && random() % 4 == 0) site.head = 0;
      sites.push_back(site);
      fixed.push_back({site, run.at(site)});
    }
    const bool same =
        interp::NaiveForward(config(), weights, other, fixed).at(logits).equal(run.at(logits));
    const auto path = path_around(sites, config(), kReadout);
    std::string names;
    for (const Site& site : sites) names += to_string(site) + " ";
    EXPECT_EQ(path.empty(), same) << names;
    if (!path.empty()) expect_real_path(path, sites);
    complete += same;
  }
  EXPECT_GT(complete, 10);
  EXPECT_LT(complete, 140);
}

// By hand: in two blocks, what stands at position 1 after the last attention is looked at by nobody
// but position 1 itself; before it, position 3 can still look.
TEST(CutTest, WhatReachesTheReadoutIsWhatItCanStillBeComputedFrom) {
  const auto reaches = [](Hook hook, int64_t layer, int64_t position) {
    return reaches_readout({{.place = {hook, layer}, .positions = {position}}}, config(), 3);
  };
  EXPECT_TRUE(reaches(Hook::ResidPre, 1, 1));
  EXPECT_TRUE(reaches(Hook::V, 1, 1));
  EXPECT_FALSE(reaches(Hook::Q, 1, 1));
  EXPECT_FALSE(reaches(Hook::ResidMid, 1, 1));
  EXPECT_FALSE(reaches(Hook::Logits, 0, 1));
  EXPECT_TRUE(reaches(Hook::ResidMid, 1, 3));
  EXPECT_FALSE(reaches(Hook::ResidPre, 0, 4));  // after the readout
  EXPECT_TRUE(reaches_readout({{.place = {Hook::ResidMid, 1}}}, config(), 3));
  EXPECT_TRUE(reaches_readout({{.place = {Hook::ResidMid, 1}, .positions = {1}},
                               {.place = {Hook::ResidMid, 1}, .positions = {3}}},
                              config(), 3));
}

TEST(CutTest, ASiteLiesWithinOthersIfEveryElementDoes) {
  const Place post{Hook::MlpPost, 0}, z{Hook::Z, 1};
  const std::vector<Site> sites = {{.place = post, .positions = {2}, .neurons = {0, 1}},
                                   {.place = post, .positions = {2, 3}, .neurons = {2}},
                                   {.place = z, .head = 0}};
  const auto within = [&](const Site& site) { return lies_within(site, sites, config()); };
  EXPECT_TRUE(within({.place = post, .positions = {2}, .neurons = {0, 2}}));
  EXPECT_TRUE(within({.place = post, .positions = {3}, .neurons = {2}}));
  EXPECT_FALSE(within({.place = post, .positions = {3}, .neurons = {0}}));
  EXPECT_FALSE(within({.place = post, .neurons = {2}}));   // at every position
  EXPECT_FALSE(within({.place = post, .positions = {2}}));  // every neuron
  EXPECT_TRUE(within({.place = z, .positions = {1}, .head = 0}));
  EXPECT_FALSE(within({.place = z, .positions = {1}}));
  EXPECT_FALSE(within({.place = {Hook::MlpPre, 0}, .positions = {2}, .neurons = {0}}));
}

TEST(CutTest, AReadoutThatIsNoPositionIsRefused) {
  for (const int64_t readout : {-1, 5})
    EXPECT_EQ(interp::message_of([&] { around({}, readout); }),
              fmt::format("readout: position {} is out of range [0, 5)", readout));
}

}  // namespace
}  // namespace assay::circuits
