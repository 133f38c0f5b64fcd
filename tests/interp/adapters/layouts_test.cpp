#include "interp/adapters/layouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <functional>

#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace layouts_test {

using testing::HasSubstr;
using Shape = std::vector<int64_t>;

TransformerConfig small() {
  return {.d_vocab = 5, .n_ctx = 7, .d_model = 6, .d_mlp = 4, .n_heads = {1, 2}, .d_head = {5, 3}};
}

TransformerConfig small_with_everything() {
  TransformerConfig config = small();
  config.norm = Norm::Pre;
  config.attention_biases = config.unembed_bias = true;
  return config;
}

/// Random tensors of the names and shapes that a Transformer has.
TensorMap parameters_of(const TransformerConfig& config) {
  Transformer model(config);
  initialise(model, {.seed = 5});
  return weights_of(model);
}

/// The same weights as Nanda's grokking code stores them, written down from its einsums.
TensorMap grokking_of(const TensorMap& tensors) {
  TensorMap file = tensors;
  file["embed.W_E"] = tensors.at("embed.W_E").t();
  for (const std::string block : {"blocks.0.", "blocks.1."}) {
    for (const char* name : {"attn.W_Q", "attn.W_K", "attn.W_V"}) {
      file[block + name] = tensors.at(block + name).permute({0, 2, 1});
    }
    const at::Tensor& W_O = tensors.at(block + "attn.W_O");  // [head, d_head, d_model]
    at::Tensor flat = at::empty({6, W_O.size(0) * W_O.size(1)});
    for (int64_t head = 0; head < W_O.size(0); ++head) {
      for (int64_t i = 0; i < W_O.size(1); ++i) {
        flat.select(1, head * W_O.size(1) + i).copy_(W_O[head][i]);
      }
    }
    file[block + "attn.W_O"] = flat;
    file[block + "attn.mask"] = at::ones({7, 7}).tril();
    file[block + "mlp.W_in"] = tensors.at(block + "mlp.W_in").t();
    file[block + "mlp.W_out"] = tensors.at(block + "mlp.W_out").t();
  }
  return file;
}

void expect_same(const TensorMap& found, const TensorMap& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    EXPECT_TRUE(found.at(name).equal(tensor)) << name;
  }
}

/// All that tensors do not tell of a network like small().
Settings stated(const nlohmann::json& more = nlohmann::json::object()) {
  Settings settings;
  nlohmann::json all = {{"activation", "relu"}, {"attention", "causal"},  {"positions", "learned"},
                        {"scores", "scaled"},   {"blocks", "sequential"}, {"norm_eps", 1e-5}};
  all.update(more);
  settings.say_all(all, "option");
  return settings;
}

std::string layout_named(const TensorMap& tensors) {
  return layout_of({.tensors = tensors, .texts = {}}).name;
}

Weights read_stated(const TensorMap& tensors, const nlohmann::json& more = {{"norm", "none"}}) {
  Settings settings = stated(more);
  return from_transformer_lens(tensors, settings);
}

TEST(LayoutsTest, TransformerLensSizesAreReadOffTheShapes) {
  for (const auto& config : {small(), small_with_everything()}) {
    const TensorMap tensors = parameters_of(config);
    EXPECT_EQ(layout_named(tensors), "transformer-lens");
    const Weights weights =
        read_stated(tensors, {{"norm", config.norm == Norm::None ? "none" : "pre"}});
    EXPECT_EQ(weights.config, config);
    expect_same(weights.tensors, tensors);
  }
}

/// The same tensors are networks that differ in every logit.
TEST(LayoutsTest, WhatTensorsDoNotTellIsAskedFor) {
  Settings nothing("mine.config.json");
  EXPECT_EQ(
      message_of([&] { from_transformer_lens(parameters_of(small()), nothing); }),
      "how this network computes is not known, and nothing is guessed. Known: d_vocab 5; n_ctx 7; "
      "d_model 6; d_mlp 4; n_heads [1,2]; d_head [5,3]; attention_biases false; mlp_biases true; "
      "unembed_bias false. To be said: activation (relu, gelu_exact, gelu_tanh, silu, tanh); norm "
      "(none, pre, pre_unweighted, rms, rms_unweighted, post); attention (causal, bidirectional); "
      "positions (learned, none, rotary, alibi); scores (scaled, unscaled); blocks (sequential, "
      "parallel, parallel_one_norm); networks with others cannot be run. Say it in "
      "mine.config.json, such as "
      R"({"activation":"...","attention":"...","blocks":"...","norm":"...","positions":"...",)"
      R"("scores":"..."}, or to inspect and convert by --activation, --norm, --attention, )"
      "--positions, --scores, --blocks; what convert writes says it by itself");
  Settings normed;  // weights of norms tell their place, not their epsilon
  normed.say_all({{"activation", "relu"},
                  {"attention", "causal"},
                  {"positions", "learned"},
                  {"scores", "scaled"},
                  {"blocks", "sequential"}},
                 "option");
  EXPECT_THAT(
      message_of([&] { from_transformer_lens(parameters_of(small_with_everything()), normed); }),
      HasSubstr("To be said: norm_eps (a number); networks"));
}

TEST(LayoutsTest, TensorsThatContradictWhatIsSaidAreRefused) {
  EXPECT_EQ(message_of([] { read_stated(parameters_of(small_with_everything())); }),
            "norm: none according to option, pre according to tensors");
  EXPECT_EQ(message_of([] {
              read_stated(parameters_of(small()), {{"norm", "pre"}});
            }),
            "norm: pre according to option, but there is no tensor 'blocks.0.ln1.w'");
  EXPECT_EQ(message_of([] {
              read_stated(parameters_of(small()), {{"norm", "none"}, {"d_mlp", 5}});
            }),
            "d_mlp: 5 according to option, 4 according to tensors");
  EXPECT_EQ(message_of([] {
              read_stated(parameters_of(small()), {{"norm", "rms"}});
            }),
            "norm: rms according to option, but there is no tensor 'blocks.0.ln1.w'");
  TensorMap normed = parameters_of(small());
  normed["blocks.0.attn.q_norm.w"] = at::ones({5});
  EXPECT_EQ(message_of([&] { read_stated(normed); }),
            "tensor 'blocks.0.attn.q_norm.w': norms of queries cannot be run");
}

TransformerConfig llama_like() {
  TransformerConfig config = small();
  config.n_heads = {2, 4};
  config.d_head = {4, 4};
  config.n_kv_heads = {2, 2};
  config.norm = Norm::Rms;
  config.gated_mlp = true;
  config.mlp_biases = false;
  config.positions = PositionEncoding::Rotary;
  config.rotary_dims = 4;
  config.rotary_base = 500;
  return config;
}

/// The same as TransformerLens keeps them.
TensorMap llama_like_file(bool interleaved = false, double base = 500) {
  TensorMap file = parameters_of(llama_like());
  for (const std::string block : {"blocks.0.attn.", "blocks.1.attn."}) {
    for (const char* side : {"W_K", "W_V"}) {
      file[block + "_" + side] = file.at(block + side);
      file.erase(block + side);
    }
    at::Tensor sines = at::empty({7, 4});
    for (int64_t pos = 0; pos < 7; ++pos)
      for (int64_t i = 0; i < 4; ++i) {
        const int64_t pair = interleaved ? i / 2 : i % 2;
        sines[pos][i] = std::sin(pos * std::pow(base, -pair / 2.0));
      }
    file[block + "rotary_sin"] = file[block + "rotary_cos"] = sines;
  }
  return file;
}

TEST(LayoutsTest, TensorsTellGatesSharedHeadsAndRotations) {
  const nlohmann::json said = {{"activation", "relu"},   {"norm_eps", 1e-5},
                               {"scores", "scaled"},     {"rotary_base", 500},
                               {"blocks", "sequential"}, {"attention", "causal"}};
  const auto read = [&](const TensorMap& file) {
    Settings settings;
    settings.say_all(said, "option");
    return from_transformer_lens(file, settings);
  };
  const Weights weights = read(llama_like_file());
  EXPECT_EQ(weights.config, llama_like());
  expect_same(weights.tensors, parameters_of(llama_like()));
  EXPECT_TRUE(read(llama_like_file(true)).config.rotary_interleaved);
  EXPECT_EQ(message_of([&] { read(llama_like_file(false, 600)); }),
            "tensor 'blocks.0.attn.rotary_sin': not the sines of rotary_base 500 over 4 entries");
  TensorMap biased = llama_like_file();
  biased["blocks.1.mlp.b_in"] = at::zeros({4});
  EXPECT_TRUE(read(biased).config.mlp_biases);
  biased["blocks.1.mlp.b_in"] = at::ones({4});
  EXPECT_EQ(message_of([&] { read(biased); }),
            "tensor 'blocks.1.mlp.b_in': behind a gate only zeros can be run");
}

TEST(LayoutsTest, BlocksMayHaveNoMlpAndNetworksNoPositions) {
  TransformerConfig config = small();
  config.d_mlp = 0;
  config.mlp_biases = false;
  config.positions = PositionEncoding::None;
  Settings settings;
  settings.say_all({{"activation", "relu"},
                    {"attention", "causal"},
                    {"positions", "none"},
                    {"scores", "scaled"},
                    {"blocks", "sequential"},
                    {"norm", "none"}},
                   "option");
  EXPECT_THAT(message_of([&] { from_transformer_lens(parameters_of(config), settings); }),
              HasSubstr("n_ctx: no tensor tells how many positions"));
  TensorMap masked = parameters_of(config);
  masked["blocks.0.attn.mask"] = at::ones({7, 7}, at::kBool).tril();
  EXPECT_EQ(from_transformer_lens(masked, settings).config, config);
}

TEST(LayoutsTest, NormsWithoutALastOneStandBehind) {
  TransformerConfig config = small();
  config.norm = Norm::Post;
  const Weights weights = read_stated(parameters_of(config), nlohmann::json::object());
  EXPECT_EQ(weights.config, config);
}

/// TransformerLens stores a mask; one that is not causal contradicts a causal network.
TEST(LayoutsTest, MasksAreComparedWithTheAttentionThatIsSaid) {
  const auto reading = [](const at::Tensor& mask, const char* attention) {
    TensorMap tensors = parameters_of(small());
    tensors["blocks.1.attn.mask"] = mask;
    tensors["blocks.0.attn.IGNORE"] = at::scalar_tensor(-1e5);
    return message_of([&] { read_stated(tensors, {{"norm", "none"}, {"attention", attention}}); });
  };
  const at::Tensor full = at::ones({7, 7}, at::kBool), causal = full.tril();
  EXPECT_EQ(reading(causal, "causal"), "");
  EXPECT_EQ(reading(causal.to(at::kFloat), "causal"), "");
  EXPECT_EQ(reading(causal, "bidirectional"), "") << "TransformerLens keeps it there, too";
  EXPECT_EQ(reading(full, "bidirectional"), "");
  EXPECT_EQ(reading(full, "causal"),
            "tensor 'blocks.1.attn.mask': lets positions attend to all others, but the network is "
            "said to be causal");
  for (const char* attention : {"causal", "bidirectional"}) {
    EXPECT_EQ(
        reading(causal.triu(-2), attention),
        "tensor 'blocks.1.attn.mask': lets positions attend to the last 3, but the network is "
        "said to let them attend to all before them");
    EXPECT_THAT(reading(full.triu(), attention), HasSubstr("neither causal nor full"));
    EXPECT_THAT(reading(full.tril(-1), attention), HasSubstr("neither causal nor full"));
    EXPECT_THAT(reading(causal.narrow(0, 0, 6), attention), HasSubstr("a mask of [7, 7]"));
  }
}

TEST(LayoutsTest, AbsentBiasesAreZero) {
  TensorMap tensors = parameters_of(small());
  tensors.erase("blocks.1.mlp.b_in");
  EXPECT_TRUE(read_stated(tensors).tensors.at("blocks.1.mlp.b_in").equal(at::zeros({4})));
  for (const char* name : {"blocks.0.mlp.b_in", "blocks.0.mlp.b_out", "blocks.1.mlp.b_out"}) {
    tensors.erase(name);
  }
  EXPECT_FALSE(read_stated(tensors).config.mlp_biases);
  tensors["unembed.b_U"] = at::ones({5});
  EXPECT_TRUE(read_stated(tensors).config.unembed_bias);
}

TEST(LayoutsTest, WeightsBecomeFloat32) {
  TensorMap tensors = parameters_of(small());
  const at::Tensor half = tensors["embed.W_E"].to(at::kHalf);
  tensors["embed.W_E"] = half;
  EXPECT_TRUE(read_stated(tensors).tensors.at("embed.W_E").equal(half.to(at::kFloat)));
  tensors["embed.W_E"] = half.to(at::kLong);
  EXPECT_EQ(message_of([&] { read_stated(tensors); }),
            "tensor 'embed.W_E': expected floating point, found Long");
}

TEST(LayoutsTest, GrokkingIsTransposed) {
  const TensorMap expected = parameters_of(small());
  const TensorMap file = grokking_of(expected);
  EXPECT_EQ(layout_named(file), "grokking");
  Settings settings;
  const Weights weights = from_grokking(file, settings);
  EXPECT_EQ(weights.config, small());
  expect_same(weights.tensors, expected);
  EXPECT_EQ(settings.find("activation")->value, "relu");
  EXPECT_EQ(settings.find("activation")->source, "layout grokking");
  EXPECT_EQ(settings.find("d_mlp")->source, "tensors");
}

TEST(LayoutsTest, GrokkingSaysHowItComputes) {
  const TensorMap file = grokking_of(parameters_of(small()));
  Settings settings;
  settings.say("activation", "gelu_exact", "option");
  EXPECT_EQ(message_of([&] { from_grokking(file, settings); }),
            "activation: gelu_exact according to option, relu according to layout grokking");
  TensorMap local = file;
  local["blocks.0.attn.mask"] = at::ones({7, 7}).tril().triu(-3);
  Settings plain;
  EXPECT_THAT(message_of([&] { from_grokking(local, plain); }),
              HasSubstr("to the last 4, but the network"));
}

/// Where every matrix is square, both layouts fit all shapes but that of W_O.
TEST(LayoutsTest, SquareTensorsTellNoLayout) {
  EXPECT_FALSE(is_square(parameters_of(small())));
  EXPECT_FALSE(is_square(grokking_of(parameters_of(small()))));
  TransformerConfig square = small();
  square.d_vocab = square.d_mlp = square.d_model;
  square.n_heads = {1};
  square.d_head = {square.d_model};
  EXPECT_TRUE(is_square(parameters_of(square)));
  square.d_vocab = 7;
  EXPECT_FALSE(is_square(parameters_of(square)));
}

TEST(LayoutsTest, MismatchesNameTensorExpectationAndFinding) {
  const auto refusal = [](const std::function<void(TensorMap&)>& change) {
    TensorMap file = grokking_of(parameters_of(small()));
    change(file);
    Settings settings;
    return message_of([&] { from_grokking(file, settings); });
  };
  EXPECT_EQ(refusal([](TensorMap& file) {
              file["blocks.1.attn.W_O"] = at::zeros({6, 5});
            }),
            "tensor 'blocks.1.attn.W_O': expected shape [6, 6], found [6, 5]");
  EXPECT_EQ(refusal([](TensorMap& file) {
              file["blocks.1.mlp.W_out"] = at::zeros({4, 6});
            }),
            "tensor 'blocks.1.mlp.W_out': expected shape [6, 4], found [4, 6]");
  EXPECT_EQ(refusal([](TensorMap& file) { file.erase("blocks.1.attn.W_V"); }),
            "tensor 'blocks.1.attn.W_V': missing, expected shape [2, 3, 6]");
  EXPECT_EQ(refusal([](TensorMap& file) { file.erase("embed.W_E"); }),
            "tensor 'embed.W_E': missing");
  EXPECT_EQ(refusal([](TensorMap& file) { file["embed.W_E"] = at::zeros({3}); }),
            "tensor 'embed.W_E': expected 2 axes, found shape [3]");
  EXPECT_EQ(refusal([](TensorMap& file) { file["blocks.2.mlp.W_in"] = at::zeros({3}); }),
            "tensor 'blocks.2.mlp.W_in': unknown, shape [3]");
  EXPECT_THAT(refusal([](TensorMap& file) {
                file["pos_embed.W_pos"] = at::zeros({0, 6});
              }),
              HasSubstr("n_ctx must be at least 1"));
  EXPECT_THAT(refusal([](TensorMap& file) { file["embed.W_E"] = at::Tensor(); }),
              HasSubstr("tensor 'embed.W_E': of a type that is not read"));
  EXPECT_EQ(
      message_of([] {
        layout_named({{"w", at::zeros({1})}});
      }),
      "unknown layout: expected a tensor 'blocks.0.attn.W_O', or those of a Hugging Face model");
}

/// One that is added is asked before those that were there, and reads what it recognises.
TEST(LayoutsTest, OfSomebodyElsesAreReadBeforeOurs) {
  const size_t before = layouts().size();
  layouts().add({"tied", "W_U is W_E transposed",
                 [](const WeightFile& file) { return file.texts.contains("tied"); },
                 [](const WeightFile& file, Settings& settings) {
                   TensorMap tensors = file.tensors;
                   tensors["unembed.W_U"] = tensors.at("embed.W_E").t();
                   return from_transformer_lens(tensors, settings);
                 }});
  EXPECT_EQ(layouts().size(), before + 1);
  TensorMap tensors = parameters_of(small());
  const at::Tensor expected = tensors.at("embed.W_E").t().clone();
  tensors.erase("unembed.W_U");
  const WeightFile file{.tensors = tensors, .texts = {{"tied", "yes"}}};
  Settings settings = stated({{"norm", "none"}});
  EXPECT_EQ(layout_of(file).name, "tied");
  EXPECT_TRUE(layout_of(file).read(file, settings).tensors.at("unembed.W_U").equal(expected));
  EXPECT_EQ(layout_named(tensors), "transformer-lens") << "the file that does not say so";
}

/// A configuration or tensors without elements must not make the reader allocate what they claim.
TEST(LayoutsTest, LyingSizesAreRefusedBeforeAllocating) {
  TransformerConfig config = small();
  config.d_mlp = config.d_vocab = int64_t{1} << 60;
  EXPECT_THAT(message_of([&] { from_transformer_lens(parameters_of(small()), config); }),
              HasSubstr("expected shape [6, 1152921504606846976], found [6, 4]"));
  config = small();
  config.n_heads.assign(1'000'000, 1);
  config.d_head.assign(1'000'000, 1);
  EXPECT_EQ(message_of([&] { from_transformer_lens(parameters_of(small()), config); }),
            "configuration: 1000000 blocks, but only 19 tensors");
  TensorMap tensors = parameters_of(small());
  tensors["embed.W_E"] = at::zeros({0, int64_t{1} << 60});
  EXPECT_THAT(message_of([&] { read_stated(tensors); }),
              HasSubstr("d_vocab must be at least 1, got 0"));
}

}  // namespace layouts_test
}  // namespace assay::interp
