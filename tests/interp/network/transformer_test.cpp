#include "interp/network/transformer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace transformer_test {

using nlohmann::json;
using testing::HasSubstr;

TransformerConfig two_sat() {
  return {.d_vocab = 16, .n_ctx = 41};
}

TransformerConfig everything() {
  return {.d_vocab = 5,
          .n_ctx = 7,
          .d_model = 6,
          .d_mlp = 4,
          .n_heads = {2},
          .d_head = {3},
          .activation = Activation::Gelu,
          .norm = Norm::Pre,
          .norm_eps = 1e-6,
          .attention_biases = true,
          .mlp_biases = true,
          .unembed_bias = true};
}

std::vector<std::string> names_of(const Transformer& model) {
  std::vector<std::string> names;
  for (const auto& parameter : model.named_parameters()) names.push_back(parameter.key());
  return names;
}

TEST(TransformerTest, NamesItsParametersAsTheFilesDo) {
  EXPECT_THAT(
      names_of(Transformer(two_sat())),
      testing::ElementsAre("embed.W_E", "pos_embed.W_pos", "blocks.0.attn.W_Q", "blocks.0.attn.W_K",
                           "blocks.0.attn.W_V", "blocks.0.attn.W_O", "blocks.0.mlp.W_in",
                           "blocks.0.mlp.W_out", "blocks.0.mlp.b_in", "blocks.0.mlp.b_out",
                           "blocks.1.attn.W_Q", "blocks.1.attn.W_K", "blocks.1.attn.W_V",
                           "blocks.1.attn.W_O", "blocks.1.mlp.W_in", "blocks.1.mlp.W_out",
                           "blocks.1.mlp.b_in", "blocks.1.mlp.b_out", "unembed.W_U"));
}

TEST(TransformerTest, BiasesAndNormsAreThereOnlyWhenAskedFor) {
  EXPECT_THAT(names_of(Transformer(everything())),
              testing::IsSupersetOf({"blocks.0.attn.b_Q", "blocks.0.attn.b_K", "blocks.0.attn.b_V",
                                     "blocks.0.attn.b_O", "blocks.0.ln1.w", "blocks.0.ln1.b",
                                     "blocks.0.ln2.w", "blocks.0.ln2.b", "ln_final.w", "ln_final.b",
                                     "unembed.b_U"}));
  const Transformer plain(two_sat());
  EXPECT_FALSE(plain.weight("blocks.0.attn.b_Q").defined());
  EXPECT_FALSE(plain.weight("unembed.b_U").defined());
  EXPECT_FALSE(plain.weight("blocks.0.ln1.w").defined());
  EXPECT_FALSE(plain.weight("ln_final.w").defined());
}

TEST(TransformerTest, WeightsHaveTheSizesOfTheirBlock) {
  const Transformer model(two_sat());
  EXPECT_EQ(model.W_E().sizes(), (std::vector<int64_t>{16, 128}));
  EXPECT_EQ(model.weight("pos_embed.W_pos").sizes(), (std::vector<int64_t>{41, 128}));
  EXPECT_EQ(model.W_U().sizes(), (std::vector<int64_t>{128, 16}));
  EXPECT_EQ(model.weight("blocks.0.attn.W_Q").sizes(), (std::vector<int64_t>{1, 128, 128}));
  EXPECT_EQ(model.weight("blocks.1.attn.W_V").sizes(), (std::vector<int64_t>{4, 128, 32}));
  EXPECT_EQ(model.weight("blocks.1.attn.W_O").sizes(), (std::vector<int64_t>{4, 32, 128}));
  EXPECT_EQ(model.weight("blocks.1.mlp.W_in").sizes(), (std::vector<int64_t>{128, 512}));
}

TEST(TransformerTest, MembersAndNamedParametersAreTheSameTensors) {
  Transformer model(everything());
  const auto named = model.named_parameters();
  EXPECT_TRUE(model.W_E().is_same(named["embed.W_E"]));
  EXPECT_TRUE(model.weight("pos_embed.W_pos").is_same(named["pos_embed.W_pos"]));
  EXPECT_TRUE(model.W_U().is_same(named["unembed.W_U"]));
  EXPECT_TRUE(model.weight("unembed.b_U").is_same(named["unembed.b_U"]));
  EXPECT_TRUE(model.weight("blocks.0.attn.W_O").is_same(named["blocks.0.attn.W_O"]));
  EXPECT_TRUE(model.weight("ln_final.w").is_same(named["ln_final.w"]));
  EXPECT_TRUE(model.W_E().requires_grad());
}

TEST(TransformerTest, MembersFollowWhenTheModuleIsConverted) {
  Transformer model(everything());
  model.to(at::kDouble);
  EXPECT_EQ(model.W_E().scalar_type(), at::kDouble);
  EXPECT_TRUE(model.W_E().is_same(model.named_parameters()["embed.W_E"]));
}

TEST(TransformerTest, ValidationNamesEveryProblemAtOnce) {
  const TransformerConfig bad{.d_vocab = 0,
                              .n_ctx = -1,
                              .d_model = 8,
                              .n_heads = {1, 0},
                              .d_head = {8},
                              .norm_eps = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(message_of([&] { validate(bad); }),
            "configuration: d_vocab must be at least 1, got 0; n_ctx must be at least 1, got -1; "
            "d_head must have one entry per block: 2, got 1; n_heads must be at least 1, got 0; "
            "norm_eps must be positive, got nan");
  EXPECT_THROW(Transformer{TransformerConfig{}}, std::invalid_argument);
  EXPECT_NO_THROW(validate(two_sat()));
}

TEST(TransformerTest, ConfigurationsSurviveJson) {
  for (const TransformerConfig& config : {two_sat(), everything()}) {
    EXPECT_EQ(config_from_json(json::parse(to_json(config).dump())), config);
  }
}

TEST(TransformerTest, ConfigurationFieldsAreRefusedByName) {
  const auto refusal = [](const char* field, const json& value) {
    json changed = to_json(two_sat());
    changed[field] = value;
    return message_of([&] { config_from_json(changed); });
  };
  EXPECT_EQ(refusal("d_modle", 3), "configuration: unknown field 'd_modle'");
  EXPECT_EQ(refusal("d_mlp", 1.5), "configuration: field 'd_mlp': expected an integer, got 1.5");
  EXPECT_EQ(refusal("n_heads", json::array({1, "4"})),
            "configuration: field 'n_heads': expected a list of integers, got \"4\"");
  EXPECT_EQ(
      refusal("activation", "elu"),
      "configuration: field 'activation': expected one of relu, gelu, gelu_exact, silu, tanh, "
      "got \"elu\"");
  EXPECT_THAT(refusal("mlp_biases", 1), HasSubstr("expected a boolean"));
  json incomplete = to_json(two_sat());
  incomplete.erase("norm");
  EXPECT_EQ(message_of([&] { config_from_json(incomplete); }),
            "configuration: missing field 'norm'");
  EXPECT_THROW(config_from_json(json::array()), std::invalid_argument);
}

TEST(TransformerTest, FilesNameTheTanhFormAsEver) {
  TransformerConfig config = two_sat();
  config.activation = Activation::Gelu;
  EXPECT_EQ(to_json(config)["activation"], "gelu");
  config.activation = Activation::GeluExact;
  EXPECT_EQ(to_json(config)["activation"], "gelu_exact");
  EXPECT_EQ(config_from_json(to_json(config)), config);
}

TEST(TransformerTest, AConfigurationIsCausalUnlessItSaysOtherwise) {
  EXPECT_FALSE(to_json(two_sat()).contains("causal")) << "files are as they always were";
  EXPECT_TRUE(config_from_json(to_json(two_sat())).causal);
  TransformerConfig encoder = two_sat();
  encoder.causal = false;
  EXPECT_EQ(config_from_json(to_json(encoder)), encoder);
}

TEST(TransformerTest, NonFiniteWeightsAreNamed) {
  const torch::NoGradGuard no_grad;
  Transformer model(two_sat());
  EXPECT_NO_THROW(model.require_finite());
  model.weight("blocks.1.mlp.b_in")[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(message_of([&] { model.require_finite(); }),
            "blocks.1.mlp.b_in: holds NaN or infinity");
}

TEST(TransformerTest, InitialisationIsReproducibleAndTouchesNoGlobalState) {
  Transformer one(two_sat()), two(two_sat()), other(two_sat());
  torch::manual_seed(7);
  const at::Tensor before = at::rand({1});
  initialise(one, {.seed = 3});
  torch::manual_seed(7);
  initialise(two, {.seed = 3});
  EXPECT_TRUE(at::rand({1}).equal(before));
  initialise(other, {.seed = 4});
  for (const auto& parameter : one.named_parameters()) {
    EXPECT_TRUE(parameter.value().equal(two.named_parameters()[parameter.key()]));
  }
  EXPECT_FALSE(one.W_E().equal(other.W_E()));
}

/// Standard deviations of n normal numbers scatter by 1/√(2n): 1.6 % for the smallest tensor here.
TEST(TransformerTest, InitialisationScalesTheWeights) {
  Transformer model(two_sat());
  initialise(model, {.embedding_scale = 5, .writer_scale = 0.5, .seed = 1});
  const double by_model = 1 / std::sqrt(128.0);
  const auto expect_deviation = [](const at::Tensor& weight, double expected) {
    EXPECT_NEAR(weight.std().item<double>() / expected, 1, 0.08);
    EXPECT_NEAR(weight.mean().item<double>() / expected, 0, 0.12);
  };
  const auto block = [&](const std::string& name) { return model.weight("blocks.1." + name); };
  expect_deviation(model.W_E(), 5 * by_model);
  expect_deviation(model.weight("pos_embed.W_pos"), 5 * by_model);
  expect_deviation(block("attn.W_Q"), by_model);
  expect_deviation(block("attn.W_O"), 0.5 * by_model);
  expect_deviation(block("mlp.W_in"), by_model);
  expect_deviation(block("mlp.W_out"), 0.5 * by_model);
  expect_deviation(model.W_U(), 0.5 / std::sqrt(16.0));
  EXPECT_EQ(block("mlp.b_in").abs().sum().item<float>(), 0);
}

TEST(TransformerTest, PositionsMayStartAlikeAndChangeNoOtherWeight) {
  Transformer model(two_sat()), alike(two_sat());
  initialise(model, {.seed = 1});
  initialise(alike, {.position_scale = 0, .seed = 1});
  for (const auto& parameter : model.named_parameters()) {
    const at::Tensor weight = alike.named_parameters()[parameter.key()];
    const bool positions = parameter.key() == "pos_embed.W_pos";
    EXPECT_TRUE(weight.equal(positions ? at::zeros_like(weight) : parameter.value()));
  }
}

TEST(TransformerTest, LayerNormsStartAsTheIdentity) {
  Transformer model(everything());
  initialise(model, {});
  EXPECT_TRUE(model.weight("ln_final.w").equal(at::ones({6})));
  EXPECT_TRUE(model.weight("blocks.0.ln2.b").equal(at::zeros({6})));
}

}  // namespace transformer_test
}  // namespace assay::interp
