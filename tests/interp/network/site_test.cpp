#include "interp/network/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace site_test {

using testing::ElementsAre;
using Shape = std::vector<int64_t>;

/// One block, no norms, so that the list of its places fits in a message.
TransformerConfig one_block() {
  return {.d_vocab = 5, .n_ctx = 7, .d_model = 6, .d_mlp = 4, .n_heads = {2}, .d_head = {3}};
}

TransformerConfig normed() {
  TransformerConfig config = one_block();
  config.n_heads = {1, 3};
  config.d_head = {6, 2};
  config.norm = Norm::Pre;
  return config;
}

std::string refusal(const std::string& text, const TransformerConfig& config = one_block()) {
  return message_of([&] { parse_site(text, describe(config)); });
}

TEST(SiteTest, PlacesHaveTheNamesOfTransformerLensInOrderOfComputation) {
  std::vector<std::string> names;
  for (const Place& place : describe(normed()).all) names.push_back(place.name);
  std::vector<std::string> expected = {"hook_embed", "hook_pos_embed"};
  for (const std::string block : {"blocks.0.", "blocks.1."})
    for (const char* hook :
         {"hook_resid_pre", "ln1.hook_normalized", "attn.hook_q", "attn.hook_k", "attn.hook_v",
          "attn.hook_attn_scores", "attn.hook_pattern", "attn.hook_z", "hook_attn_out",
          "hook_resid_mid", "ln2.hook_normalized", "mlp.hook_pre", "mlp.hook_post", "hook_mlp_out",
          "hook_resid_post"})
      expected.push_back(block + hook);
  expected.insert(expected.end(), {"ln_final.hook_normalized", "logits"});
  EXPECT_EQ(names, expected);
}

TEST(SiteTest, WithoutNormsThereIsNothingNormalised) {
  for (const Place& place : describe(one_block()).all)
    EXPECT_EQ(place.name.find("normalized"), std::string::npos);
  EXPECT_EQ(describe(one_block()).size(), 2 + 13 + 1);
}

/// Each way to narrow a place that it allows.
std::vector<Site> narrowings(const Place& place) {
  std::vector<Site> sites = {{.place = place.name},
                             {.place = place.name, .positions = {3}},
                             {.place = place.name, .positions = {0, 2, 6}}};
  const size_t plain = sites.size();
  for (size_t i = 0; i < plain; ++i) {
    Site site = sites[i];
    if (place.axis(Axis::Head)) {
      site.head = place.size(Axis::Head) - 1;
      sites.push_back(site);
    }
    if (place.axis(Axis::Neuron)) {
      site.neurons = {1, 3};
      sites.push_back(site);
    }
  }
  return sites;
}

TEST(SiteTest, WhatIsPrintedIsReadBack) {
  for (const TransformerConfig& config : {one_block(), normed()})
    for (const Place& place : describe(config).all)
      for (const Site& site : narrowings(place)) {
        EXPECT_EQ(parse_site(to_string(site), describe(config)), site) << to_string(site);
        EXPECT_NO_THROW(validate(site, describe(config)));
      }
}

TEST(SiteTest, OneStringForm) {
  EXPECT_EQ(to_string(Site{.place = hook::resid_post(1)}), "blocks.1.hook_resid_post");
  EXPECT_EQ(to_string(Site{.place = hook::mlp_post(0), .positions = {4}, .neurons = {3, 17}}),
            "blocks.0.mlp.hook_post[pos=4;neuron=3,17]");
  EXPECT_EQ(to_string(Site{.place = hook::z(0), .positions = {1, 2}, .head = 1}),
            "blocks.0.attn.hook_z[pos=1,2;head=1]");
}

TEST(SiteTest, FieldsAndIndicesMayComeInAnyOrder) {
  const Site expected{.place = hook::mlp_post(0), .positions = {1, 4}, .neurons = {0, 3}};
  EXPECT_EQ(parse_site("blocks.0.mlp.hook_post[neuron=3,0;pos=4,1]", describe(one_block())),
            expected);
}

TEST(SiteTest, AnUnknownPlaceIsAnsweredWithWhatThereIs) {
  const std::string list =
      "hook_embed, hook_pos_embed, blocks.0.hook_resid_pre, blocks.0.attn.hook_q, "
      "blocks.0.attn.hook_k, blocks.0.attn.hook_v, blocks.0.attn.hook_attn_scores, "
      "blocks.0.attn.hook_pattern, blocks.0.attn.hook_z, blocks.0.hook_attn_out, "
      "blocks.0.hook_resid_mid, blocks.0.mlp.hook_pre, blocks.0.mlp.hook_post, "
      "blocks.0.hook_mlp_out, blocks.0.hook_resid_post, logits";
  for (const std::string name :
       {"blocks.1.hook_resid_post", "blocks.0.ln1.hook_normalized", "ln_final.hook_normalized",
        "blocks.0.hook_resid_post ", "hook_resid_post", "blocks.00.hook_resid_post", ""})
    EXPECT_EQ(refusal(name), "unknown site '" + name + "': this model has " + list);
  EXPECT_EQ(refusal("logitz[pos=1]"), "unknown site 'logitz': this model has " + list);
  EXPECT_EQ(message_of([] { validate(Site{.place = hook::q(3)}, describe(one_block())); }),
            "unknown site 'blocks.3.attn.hook_q': this model has " + list);
  EXPECT_EQ(message_of([] { validate(Site{.place = hook::ln2(0)}, describe(one_block())); }),
            "unknown site 'blocks.0.ln2.hook_normalized': this model has " + list);
}

TEST(SiteTest, IndicesOutOfRangeAreNamedWithTheRange) {
  EXPECT_EQ(refusal("logits[pos=7]"), "site 'logits[pos=7]': position 7 is out of range [0, 7)");
  EXPECT_EQ(refusal("logits[pos=-1]"), "site 'logits[pos=-1]': position -1 is out of range [0, 7)");
  EXPECT_EQ(refusal("blocks.0.attn.hook_z[head=2]"),
            "site 'blocks.0.attn.hook_z[head=2]': head 2 is out of range [0, 2)");
  EXPECT_EQ(refusal("blocks.1.attn.hook_z[head=3]", normed()),
            "site 'blocks.1.attn.hook_z[head=3]': head 3 is out of range [0, 3)");
  EXPECT_EQ(refusal("blocks.0.attn.hook_q[head=1]", normed()),
            "site 'blocks.0.attn.hook_q[head=1]': head 1 is out of range [0, 1)");
  EXPECT_EQ(refusal("blocks.0.mlp.hook_pre[neuron=0,4]"),
            "site 'blocks.0.mlp.hook_pre[neuron=0,4]': neuron 4 is out of range [0, 4)");
}

TEST(SiteTest, NarrowingsThatThePlaceLacksAreRefused) {
  EXPECT_EQ(refusal("blocks.0.hook_attn_out[head=0]"),
            "site 'blocks.0.hook_attn_out[head=0]' has no heads");
  EXPECT_EQ(refusal("blocks.0.hook_mlp_out[neuron=0]"),
            "site 'blocks.0.hook_mlp_out[neuron=0]' has no neurons");
  EXPECT_EQ(refusal("logits[batch=0]"),
            "site 'logits[batch=0]': 'batch' does not narrow a site; pos=, head= and neuron= do");
}

TEST(SiteTest, MalformedBracketsAreRefused) {
  EXPECT_EQ(refusal("logits[pos=1"), "site 'logits[pos=1': expected a closing ']'");
  EXPECT_EQ(refusal("logits["), "site 'logits[': expected a closing ']'");
  EXPECT_EQ(refusal("logits[pos=1] "), "site 'logits[pos=1] ': expected a closing ']'");
  EXPECT_EQ(refusal("logits[pos=]"), "site 'logits[pos=]': expected a list of numbers, got ''");
  EXPECT_EQ(refusal("logits[pos]"), "site 'logits[pos]': expected a list of numbers, got ''");
  EXPECT_EQ(refusal("logits[pos=a]"), "site 'logits[pos=a]': expected a list of numbers, got 'a'");
  EXPECT_EQ(refusal("logits[pos=1,]"), "site 'logits[pos=1,]': expected a list of numbers, got ''");
  EXPECT_EQ(refusal("logits[pos=1 2]"),
            "site 'logits[pos=1 2]': expected ',' between numbers, got ' 2'");
  EXPECT_EQ(refusal("logits[pos=1]]"),
            "site 'logits[pos=1]]': expected ',' between numbers, got ']'");
  EXPECT_EQ(refusal("logits[pos=99999999999999999999]"),
            "site 'logits[pos=99999999999999999999]': expected a list of numbers, got "
            "'99999999999999999999'");
  for (const std::string text : {"logits[]", "logits[pos=1;]", "logits[;pos=1]"})
    EXPECT_EQ(refusal(text),
              "site '" + text + "': '' does not narrow a site; pos=, head= and neuron= do");
}

TEST(SiteTest, NothingIsSaidTwice) {
  EXPECT_EQ(refusal("logits[pos=1;pos=2]"), "site 'logits[pos=1;pos=2]': 'pos' is given twice");
  EXPECT_EQ(refusal("blocks.0.attn.hook_z[head=0;head=1]"),
            "site 'blocks.0.attn.hook_z[head=0;head=1]': 'head' is given twice");
  EXPECT_EQ(refusal("logits[pos=2,1,2]"),
            "site 'logits[pos=1,2,2]': positions must ascend without repetition");
  EXPECT_EQ(refusal("blocks.0.attn.hook_z[head=0,1]"),
            "site 'blocks.0.attn.hook_z[head=0,1]': a site has one head or all");
  EXPECT_EQ(message_of([] {
              validate(Site{.place = hook::logits(), .positions = {2, 1}}, describe(one_block()));
            }),
            "site 'logits[pos=2,1]': positions must ascend without repetition");
}

TEST(SiteTest, ShapesByHand) {
  const auto shape_of = [](const std::string& text) {
    return shape(parse_site(text, describe(normed())), describe(normed()));
  };
  EXPECT_EQ(shape_of("hook_embed"), (Shape{-1, 7, 6}));
  EXPECT_EQ(shape_of("blocks.1.attn.hook_q"), (Shape{-1, 7, 3, 2}));
  EXPECT_EQ(shape_of("blocks.1.attn.hook_k[pos=1,2;head=0]"), (Shape{-1, 2, 2}));
  EXPECT_EQ(shape_of("blocks.1.attn.hook_pattern"), (Shape{-1, 3, 7, 7}));
  EXPECT_EQ(shape_of("blocks.1.attn.hook_attn_scores[pos=4;head=2]"), (Shape{-1, 1, 7}));
  EXPECT_EQ(shape_of("blocks.0.mlp.hook_post[neuron=0,2,3]"), (Shape{-1, 7, 3}));
  EXPECT_EQ(shape_of("logits[pos=6]"), (Shape{-1, 1, 5}));
}

TEST(SiteTest, ShapesAreThoseOfTheValues) {
  for (const TransformerConfig& config : {one_block(), normed()}) {
    Transformer model(config);
    initialise(model, {});
    const NaiveForward run(config, weights_of(model), at::zeros({2, 7}, at::kLong));
    for (const Place& place : describe(config).all)
      for (const Site& site : narrowings(place)) {
        Shape expected = shape(site, describe(config));
        EXPECT_EQ(expected[0], -1);
        expected[0] = 2;
        EXPECT_EQ(run.at(site).sizes(), expected) << to_string(site);
      }
  }
}

}  // namespace site_test
}  // namespace assay::interp
