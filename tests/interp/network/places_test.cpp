// The description of a network against the network: what it says of reads, of components and of
// the embeddings is tried out on a forward pass that does not know it.

#include "interp/network/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/blocks.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace places_test {

using testing::ElementsAre;

TEST(PlacesTest, PlacesReadEarlierPlacesOnly) {
  for (const TransformerConfig& config : assorted_configs()) {
    const Places places = describe(config);
    for (int place = 0; place < places.size(); ++place)
      for (const Read& read : places[place].reads)
        EXPECT_LT(read.from, place) << places[place].name;
  }
}

bool reaches(const Read& read, int64_t from, int64_t reader) {
  switch (read.reach) {
    case Reach::Same:
      return from == reader;
    case Reach::UpToHere:
      return from <= reader;
    case Reach::Window:
      return from <= reader && from > reader - read.window;
    case Reach::All:
      break;
  }
  return true;
}

/// With all else that a place reads held fixed, changing one place at one position changes it
/// exactly where its reads say.
void expect_reads_are_real(const TransformerConfig& config) {
  const Places places = describe(config);
  Transformer model(config);
  randomise(model, 3, 0.3);
  const TensorMap weights = weights_of(model);
  const at::Tensor tokens = torch::tensor({{0, 1, 2, 3}}, torch::kLong);
  const NaiveForward before(config, weights, tokens);
  for (const Place& place : places.all) {
    for (int from = 0; from < places.size(); ++from) {
      if (places[from].name == place.name) continue;
      const int64_t changed = places[from].positions(4) == 1 ? 0 : 1;
      const Site there{.place = places[from].name, .positions = {changed}};
      std::vector<Overwrite> overwrites = {{there, before.at(there).tanh() * 0.5}};
      for (const Read& other : place.reads)
        if (other.from != from) {
          const Site site{.place = places[other.from].name};
          overwrites.push_back({site, before.at(site)});
        }
      const NaiveForward after(config, weights, tokens, overwrites);
      const auto read = std::ranges::find(place.reads, from, &Read::from);
      for (int64_t pos = 0; pos < place.positions(4); ++pos) {
        const Site here{.place = place.name, .positions = {pos}};
        const bool expected = read != place.reads.end() && reaches(*read, changed, pos);
        EXPECT_EQ(!before.at(here).equal(after.at(here)), expected)
            << to_string(here) << " from " << to_string(there);
      }
    }
  }
}

TEST(PlacesTest, ReadsAreWhatTheNetworkReads) {
  TransformerConfig config{.d_vocab = 5,
                           .n_ctx = 4,
                           .d_model = 6,
                           .d_mlp = 4,
                           .n_heads = {1, 3},
                           .d_head = {6, 2},
                           .activation = Activation::Gelu,  // no neuron is deaf
                           .norm = Norm::Pre};
  expect_reads_are_real(config);
  config.norm = Norm::None;
  expect_reads_are_real(config);
  config.causal = false;
  expect_reads_are_real(config);
}

TEST(PlacesTest, ReadsAreWhatNetworksOfOtherBlocksRead) {
  for (auto& [name, config] : networks_of_blocks()) {
    SCOPED_TRACE(name);
    config.n_ctx = 4;
    if (config.activation == Activation::Relu) config.activation = Activation::Silu;
    if (config.head_dense == Activation::Relu) config.head_dense = Activation::Tanh;
    expect_reads_are_real(config);
  }
}

TEST(PlacesTest, WeightsAreTheParametersInTheirOrder) {
  std::vector<TransformerConfig> configs = assorted_configs();
  for (const auto& [name, config] : networks_of_blocks()) configs.push_back(config);
  for (const TransformerConfig& config : configs) {
    const Transformer model(config);
    const auto named = model.named_parameters();
    const std::vector<Weight>& weights = model.places().weights;
    ASSERT_EQ(named.size(), weights.size());
    for (size_t i = 0; i < weights.size(); ++i) {
      EXPECT_EQ(named[i].key(), weights[i].name);
      EXPECT_EQ(named[i].value().sizes(), weights[i].shape) << weights[i].name;
      EXPECT_TRUE(named[i].value().is_same(model.weights()[i])) << weights[i].name;
    }
  }
}

std::vector<std::string> names_of(const Places& places, const std::set<int>& components) {
  std::vector<std::string> names;
  for (const int component : components)
    names.push_back(places[places.components[component].output].name);
  return names;
}

TEST(PlacesTest, ContributorsAreTheComponentsBeforeAndTheOneThatComputes) {
  const Places places = describe({.d_vocab = 5, .n_ctx = 4, .norm = Norm::Pre});
  const auto of = [&](const std::string& place) {
    return names_of(places, contributors(places, places.at(place)));
  };
  const std::string input = hook::resid_pre(0), a0 = hook::attn_out(0), m0 = hook::mlp_out(0),
                    a1 = hook::attn_out(1);
  EXPECT_THAT(of(hook::embed()), ElementsAre(input));
  EXPECT_THAT(of(hook::ln1(0)), ElementsAre(input));
  EXPECT_THAT(of(hook::k(0)), ElementsAre(input, a0));
  EXPECT_THAT(of(hook::resid_mid(0)), ElementsAre(input, a0));
  EXPECT_THAT(of(hook::mlp_pre(0)), ElementsAre(input, a0, m0));
  EXPECT_THAT(of(hook::ln1(1)), ElementsAre(input, a0, m0));
  EXPECT_THAT(of(hook::z(1)), ElementsAre(input, a0, m0, a1));
  EXPECT_EQ(of(hook::ln_final()).size(), 5u);
  EXPECT_EQ(of(hook::logits()).size(), 6u);
}

TEST(PlacesTest, ComponentsReadTheStreamAndJoinIt) {
  for (const TransformerConfig& config : assorted_configs()) {
    const Places places = describe(config);
    for (size_t c = 1; c < places.components.size(); ++c) {
      const ComponentPlaces& component = places.components[c];
      int stream = component.reads;
      while (places[stream].reads.size() == 1) stream = places[stream].reads[0].from;  // resid_pre
      EXPECT_EQ(stream, places.components[c - 1].joins);
      EXPECT_LE(component.acts, component.output);
      EXPECT_GT(component.acts, component.reads);
      if (component.kind == Kind::Logits) continue;
      const Place& join = places[component.joins];
      EXPECT_EQ(join.by, Primitive::Sum);
      EXPECT_EQ(join.reads.at(1).from, component.output);
    }
  }
}

TEST(PlacesTest, ComponentsOfParallelBlocksReadTheSameStreamAndJoinTogether) {
  for (const auto& [name, config] : networks_of_blocks()) {
    if (config.blocks == BlockForm::Sequential) continue;
    const Places places = describe(config);
    EXPECT_TRUE(places.additive);
    for (size_t c = 1; c + 1 < places.components.size(); c += 2) {
      const ComponentPlaces &heads = places.components[c], &mlp = places.components[c + 1];
      EXPECT_EQ(heads.reads, mlp.reads);
      EXPECT_EQ(heads.joins, mlp.joins);
      EXPECT_EQ(places[heads.joins].reads.size(), 3u);
      EXPECT_FALSE(contributors(places, mlp.output).contains(static_cast<int>(c)));
    }
  }
}

TEST(PlacesTest, WhatIsNormalisedBehindItsSumDoesNotAddUp) {
  for (const auto& [name, config] : networks_of_blocks())
    EXPECT_EQ(describe(config).additive, config.norm != Norm::Post) << name;
}

TEST(PlacesTest, ProjectedAndNormalisedEmbeddingsAreEmbeddings) {
  TransformerConfig config{.d_vocab = 5, .n_ctx = 4, .embedding_norm = true, .d_embed = 3};
  const Places places = describe(config);
  for (const std::string& name : {hook::embed(), hook::embed_projected(), hook::embed_sum(),
                                  hook::embed_ln(), hook::resid_pre(0)})
    EXPECT_TRUE(is_embedding(places, places.at(name))) << name;
  EXPECT_FALSE(is_embedding(places, places.at(hook::q(0))));
}

TEST(PlacesTest, OnlyTheFirstPlacesAreEmbeddings) {
  for (const TransformerConfig& config : assorted_configs()) {
    const Places places = describe(config);
    std::vector<std::string> expected = {hook::embed(), hook::pos_embed(), hook::resid_pre(0)};
    if (config.norm == Norm::Pre) expected.push_back(hook::ln1(0));
    std::vector<std::string> found;
    for (int place = 0; place < places.size(); ++place)
      if (is_embedding(places, place)) found.push_back(places[place].name);
    EXPECT_EQ(found, expected);
  }
}

}  // namespace places_test
}  // namespace assay::interp
