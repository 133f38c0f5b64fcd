#include "interp/network/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "interp/network/transformer.h"
#include "tests/interp/blocks.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/sites.h"

namespace assay::interp {
namespace cut_test {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// The shape of the 2-SAT model, narrower and shorter.
TransformerConfig config() {
  return {.d_vocab = 4, .n_ctx = 5, .d_model = 8, .d_mlp = 6, .n_heads = {1, 2}, .d_head = {4, 3}};
}
constexpr int64_t kReadout = 4;

std::vector<std::string> around(const std::vector<std::string>& sites, int64_t readout = kReadout,
                                const TransformerConfig& model = config()) {
  const Places places = describe(model);
  std::vector<Site> parsed;
  for (const std::string& site : sites) parsed.push_back(parse_site(site, places));
  const Around around = path_around(places, parsed, at_position(hook::logits(), readout));
  EXPECT_EQ(around.found, around.path.empty() ? Found::No : Found::Yes);
  return around.path;
}

TEST(CutTest, TheResidualStreamAtAllPositionsIsComplete) {
  for (const char* stream :
       {"blocks.0.hook_resid_pre", "blocks.0.hook_resid_post", "blocks.1.hook_resid_pre"})
    EXPECT_THAT(around({stream}), IsEmpty()) << stream;
}

TEST(CutTest, WithoutACausalMaskLaterPositionsReachTheReadout) {
  TransformerConfig model = config();
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
  TransformerConfig normed = config();
  normed.norm = Norm::Pre;
  EXPECT_THAT(around({"ln_final.hook_normalized[pos=4]"}, 4, normed), IsEmpty());
  EXPECT_THAT(around({"blocks.1.ln1.hook_normalized"}, 4, normed), Not(IsEmpty()));
  EXPECT_THAT(around({"blocks.1.ln1.hook_normalized", "blocks.1.hook_resid_pre[pos=4]"}, 4, normed),
              IsEmpty());
}

/// Place and position of a step such as "blocks.0.hook_resid_post@3".
std::pair<std::string, int64_t> parse_step(const std::string& step) {
  const size_t at = step.find('@');
  return {step.substr(0, at), std::stoll(step.substr(at + 1))};
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
    const Places places = describe(config());
    const auto& reads = places[places.at(place)].reads;
    const auto read = std::ranges::find(reads, places.at(before), &Read::from);
    ASSERT_NE(read, reads.end()) << path[i] << " does not read " << path[i - 1];
    EXPECT_TRUE(read->reach == Reach::UpToHere ? before_pos <= pos : before_pos == pos);
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
    for (const std::string& site : sites) parsed.push_back(parse_site(site, describe(config())));
    expect_real_path(around(sites), parsed);
  }
}

/// A cut is complete iff, whatever the tokens, the logits do not change once the sites are fixed.
TEST(CutTest, CompleteMeansThatTheTokensNoLongerMatter) {
  std::mt19937_64 random(4);
  Transformer model(config());
  randomise(model, 6, 0.4);  // attention not so sharp that a path carries nothing
  model.to(at::kDouble);
  const auto weights = weights_of(model);
  const at::Tensor one = torch::tensor({{0, 1, 2, 3, 0}}, torch::kLong),
                   other = torch::tensor({{3, 2, 0, 1, 1}}, torch::kLong);
  const NaiveForward run(config(), weights, one);
  const Site logits{.place = hook::logits(), .positions = {kReadout}};
  const Places places = describe(config());
  int complete = 0;
  for (int trial = 0; trial < 150; ++trial) {
    std::vector<Site> sites;
    std::vector<Overwrite> fixed;
    for (uint64_t i = 0; i < 1 + random() % 4; ++i) {
      const Place& place = places.all[random() % places.all.size()];
      Site site{.place = place.name};
      if (random() % 2)
        for (int64_t pos = 0; pos < 5; ++pos)
          if (pos == kReadout || random() % 4) site.positions.push_back(pos);
      if (place.axis(Axis::Head) && random() % 4 == 0) site.head = 0;
      sites.push_back(site);
      fixed.push_back({site, run.at(site)});
    }
    const bool same =
        NaiveForward(config(), weights, other, fixed).at(logits).equal(run.at(logits));
    const auto path = path_around(places, sites, logits).path;
    std::string names;
    for (const Site& site : sites) names += to_string(site) + " ";
    EXPECT_EQ(path.empty(), same) << names;
    if (!path.empty()) expect_real_path(path, sites);
    complete += same;
  }
  EXPECT_GT(complete, 10);
  EXPECT_LT(complete, 140);
}

/// The same in networks of other blocks: windows, parallel blocks, norms behind, pooling.
TEST(CutTest, CompleteMeansTheSameWhateverTheBlocks) {
  std::mt19937_64 random(5);
  int complete = 0, leaky = 0;
  for (auto& [name, network] : networks_of_blocks()) {
    const bool deaf = network.activation == Activation::Relu ||  // to what falls below 0
                      network.head_dense == Activation::Relu;
    if (deaf) continue;
    Transformer model(network);
    randomise(model, 7, 0.3);
    model.to(at::kDouble);
    const auto weights = weights_of(model);
    const at::Tensor one = torch::tensor({{0, 1, 2, 3, 0, 4}}, torch::kLong),
                     other = torch::tensor({{3, 2, 0, 1, 1, 2}}, torch::kLong);
    const NaiveForward run(network, weights, one);
    const Site logits = logits_site(model, 5);
    const Places& places = model.places();
    for (int trial = 0; trial < 60; ++trial) {
      std::vector<Site> sites;
      std::vector<Overwrite> fixed;
      for (uint64_t i = 0; i < 1 + random() % 4; ++i) {
        const Place& place = places.all[random() % places.all.size()];
        Site site{.place = place.name};
        if (random() % 2)
          for (int64_t pos = 0; pos < place.positions(6); ++pos)
            if (pos == place.positions(6) - 1 || random() % 4) site.positions.push_back(pos);
        sites.push_back(site);
        fixed.push_back({site, run.at(site)});
      }
      const bool same =
          NaiveForward(network, weights, other, fixed).at(logits).equal(run.at(logits));
      const Around around = path_around(places, sites, logits);
      std::string names = name + ": ";
      for (const Site& site : sites) names += to_string(site) + " ";
      EXPECT_EQ(around.found == Found::No, same) << names;
      ++(same ? complete : leaky);
    }
  }
  EXPECT_GT(complete, 50);
  EXPECT_GT(leaky, 50);
}

// By hand: a window of 3 in the last of two blocks, of 2 in the first, reaches back 3 positions.
TEST(CutTest, WindowsReachAsFarBackAsTheyAreLong) {
  TransformerConfig network = config();
  network.windows = {2, 3};
  const Places places = describe(network);
  const auto reaching = [&](int64_t position) {
    return reaches(places, {at_position(hook::embed(), position)}, at_position(hook::logits(), 4));
  };
  EXPECT_EQ(reaching(0), Found::No);
  for (const int64_t position : {1, 2, 3, 4}) EXPECT_EQ(reaching(position), Found::Yes) << position;
  const auto path = around({"hook_embed[pos=2,3,4]"}, 4, network);
  EXPECT_EQ(path.size(), 14u);
  EXPECT_EQ(path.front(), "hook_embed@1");
}

// By hand: in two blocks, what stands at position 1 after the last attention is looked at by nobody
// but position 1 itself; before it, position 3 can still look.
TEST(CutTest, WhatReachesTheReadoutIsWhatItCanStillBeComputedFrom) {
  const Places places = describe(config());
  const Site decision = at_position(hook::logits(), 3);
  const auto any_reaches = [&](const std::vector<Site>& sites) {
    return reaches(places, sites, decision) == Found::Yes;
  };
  const auto reaches = [&](const std::string& place, int64_t position) {
    return any_reaches({at_position(place, position)});
  };
  EXPECT_TRUE(reaches(hook::resid_pre(1), 1));
  EXPECT_TRUE(reaches(hook::v(1), 1));
  EXPECT_FALSE(reaches(hook::q(1), 1));
  EXPECT_FALSE(reaches(hook::resid_mid(1), 1));
  EXPECT_FALSE(reaches(hook::logits(), 1));
  EXPECT_TRUE(reaches(hook::resid_mid(1), 3));
  EXPECT_FALSE(reaches(hook::resid_pre(0), 4));  // after the readout
  EXPECT_TRUE(any_reaches({whole(hook::resid_mid(1))}));
  EXPECT_TRUE(
      any_reaches({at_position(hook::resid_mid(1), 1), at_position(hook::resid_mid(1), 3)}));
}

TEST(CutTest, ASiteLiesWithinOthersIfEveryElementDoes) {
  const std::string post = hook::mlp_post(0), z = hook::z(1);
  const Places places = describe(config());
  const std::vector<Site> sites = {{.place = post, .positions = {2}, .neurons = {0, 1}},
                                   {.place = post, .positions = {2, 3}, .neurons = {2}},
                                   {.place = z, .head = 0}};
  const auto within = [&](const Site& site) { return lies_within(site, sites, places); };
  EXPECT_TRUE(within({.place = post, .positions = {2}, .neurons = {0, 2}}));
  EXPECT_TRUE(within({.place = post, .positions = {3}, .neurons = {2}}));
  EXPECT_FALSE(within({.place = post, .positions = {3}, .neurons = {0}}));
  EXPECT_FALSE(within({.place = post, .neurons = {2}}));    // at every position
  EXPECT_FALSE(within({.place = post, .positions = {2}}));  // every neuron
  EXPECT_TRUE(within({.place = z, .positions = {1}, .head = 0}));
  EXPECT_FALSE(within({.place = z, .positions = {1}}));
  EXPECT_FALSE(within({.place = hook::mlp_pre(0), .positions = {2}, .neurons = {0}}));
}

TEST(CutTest, AReadoutThatIsNoPositionIsRefused) {
  for (const int64_t readout : {-1, 5})
    EXPECT_EQ(message_of([&] { around({}, readout); }),
              fmt::format("site 'logits[pos={0}]': position {0} is out of range [0, 5)", readout));
}

}  // namespace cut_test
}  // namespace assay::interp
