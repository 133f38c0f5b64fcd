#include "interp/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <limits>

#include "interp/files.h"
#include "interp/pth.h"
#include "interp/safetensors.h"
#include "interp/transformer.h"
#include "tests/interp/checkpoint_bytes.h"
#include "tests/interp/scratch.h"
#include "tests/interp/tiny_gpt2.h"

namespace assay::interp {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TransformerConfig small() {
  return {.d_vocab = 5,
          .n_ctx = 7,
          .d_model = 6,
          .d_mlp = 4,
          .n_heads = {1, 2},
          .d_head = {6, 3},
          .activation = Activation::Gelu,
          .norm = Norm::Pre,
          .norm_eps = 1e-6,
          .attention_biases = true,
          .mlp_biases = false,
          .unembed_bias = true};
}

Transformer random_model(const TransformerConfig& config = small()) {
  Transformer model(config);
  initialise(model, {.seed = 2});
  return model;
}

class ModelFileTest : public Scratch {
 protected:
  /// What loading says, without the path that begins every message.
  static std::string refusal(const std::filesystem::path& path) {
    const std::string message = message_of([&] { load_model(path); });
    EXPECT_TRUE(message.starts_with(path.string())) << message;
    return message.substr(std::min(message.size(), path.string().size() + 2));
  }
};

TEST_F(ModelFileTest, AModelSurvives) {
  const Transformer model = random_model();
  const json metadata = {{"task", "2sat"}, {"training", {{"steps", 8000}}}};
  save_model(model, at("m"), metadata);
  const LoadedModel loaded = load_model(at("m"));
  EXPECT_EQ(loaded.layout, "assay");
  EXPECT_EQ(loaded.metadata, metadata);
  EXPECT_EQ(loaded.sha256, sha256(read_file(at("m"))));
  EXPECT_EQ(loaded.model->config(), small());
  const auto weights = model.named_parameters();
  for (const auto& parameter : loaded.model->named_parameters()) {
    EXPECT_TRUE(parameter.value().equal(weights[parameter.key()])) << parameter.key();
    EXPECT_FALSE(parameter.value().requires_grad());
  }
}

TEST_F(ModelFileTest, SavingWhatWasLoadedGivesTheSameBytes) {
  for (const json& metadata : {json::object(), json{{"b", 0.1}, {"a", {1, nullptr}}}}) {
    save_model(random_model(), at("one"), metadata);
    const LoadedModel loaded = load_model(at("one"));
    save_model(*loaded.model, at("two"), loaded.metadata);
    EXPECT_EQ(read_file(at("one")), read_file(at("two")));
  }
}

TEST_F(ModelFileTest, NonFiniteWeightsAreRefused) {
  Transformer model = random_model();
  save_model(model, at("m"));
  Safetensors content = read_safetensors(at("m"));
  content.tensors["unembed.b_U"][1] = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(at("m"), content);
  EXPECT_EQ(refusal(at("m")), "unembed.b_U: holds NaN or infinity");
  model.b_U.detach()[1] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(save_model(model, at("n")), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(at("n")));
}

TEST_F(ModelFileTest, MetadataMustBeAnObject) {
  EXPECT_THROW(save_model(random_model(), at("m"), json::array()), std::invalid_argument);
}

TEST_F(ModelFileTest, DamagedConfigurationsAreRefused) {
  save_model(random_model(), at("m"));
  const auto with = [&](const std::string& key, const std::string& text) {
    Safetensors content = read_safetensors(at("m"));
    content.metadata[key] = text;
    write_safetensors(at("changed"), content);
    return refusal(at("changed"));
  };
  json config = to_json(small());
  config["d_mlp"] = int64_t{1} << 60;
  EXPECT_EQ(with("config", config.dump()),
            "tensor 'blocks.0.mlp.W_in': expected shape [6, 1152921504606846976], found [6, 4]");
  config.erase("d_mlp");
  EXPECT_EQ(with("config", config.dump()), "configuration: missing field 'd_mlp'");
  EXPECT_EQ(with("config", "[]"), "config: expected a JSON object");
  EXPECT_THAT(with("config", "{"), HasSubstr("parse error"));
  EXPECT_EQ(with("assay", std::string(1'000'000, '[')), "assay: nested too deeply");
}

TEST_F(ModelFileTest, WithoutAConfigurationTheShapesSpeak) {
  TransformerConfig config = small();
  config.activation = Activation::Relu;
  config.norm_eps = 1e-5;  // the defaults: no shape tells them
  save_model(random_model(config), at("m"));
  Safetensors content = read_safetensors(at("m"));
  content.metadata.clear();
  write_safetensors(at("m"), content);
  const LoadedModel loaded = load_model(at("m"));
  EXPECT_EQ(loaded.layout, "transformer-lens");
  EXPECT_EQ(loaded.model->config(), config);
  EXPECT_EQ(loaded.metadata, json::object());
}

TEST_F(ModelFileTest, EveryTruncationIsRefused) {
  save_model(
      random_model(
          {.d_vocab = 2, .n_ctx = 1, .d_model = 1, .d_mlp = 1, .n_heads = {1}, .d_head = {1}}),
      at("m"));
  const std::string whole = read_file(at("m"));
  EXPECT_NO_THROW(load_model(at("m")));
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(load_model(put("cut", whole.substr(0, length))), std::runtime_error) << length;
  }
}

TEST_F(ModelFileTest, AMissingFileIsNamed) {
  EXPECT_EQ(refusal(at("none")), "cannot open: No such file or directory");
  std::filesystem::create_directory(at("empty"));
  EXPECT_EQ(message_of([&] { load_model(at("empty")); }),
            at("empty/config.json").string() + ": cannot open: No such file or directory");
}

TEST_F(ModelFileTest, CheckpointsAreReadWhateverTheirExtension) {
  namespace bytes = checkpoint_bytes;
  const Transformer model = random_model();
  std::map<std::string, std::string> entries;
  std::string items;
  for (const auto& parameter : model.named_parameters()) {
    const at::Tensor& weight = parameter.value();
    const std::string key = std::to_string(entries.size());
    const auto narrow = [](at::IntArrayRef numbers) {
      return std::vector<int32_t>(numbers.begin(), numbers.end());
    };
    entries["m/data/" + key] = {static_cast<const char*>(weight.data_ptr()), weight.nbytes()};
    items +=
        bytes::text(parameter.key()) +
        bytes::tensor(bytes::storage("FloatStorage", key, static_cast<int32_t>(weight.numel())), 0,
                      narrow(weight.sizes()), narrow(weight.strides()));
  }
  entries["m/data.pkl"] =
      bytes::program(bytes::dict(bytes::text("state_dict") + bytes::ordered_dict(items) +
                                 bytes::text("epoch") + bytes::number(9)));
  bytes::write_zip(at("m"), entries);
  const LoadedModel loaded = load_model(at("m"));
  EXPECT_EQ(loaded.layout, "transformer-lens");
  EXPECT_EQ(loaded.metadata, (json{{"epoch", 9}}));
  EXPECT_TRUE(loaded.model->blocks[1]->attn->W_O.equal(model.blocks[1]->attn->W_O));
}

TEST_F(ModelFileTest, AGpt2FolderIsRead) {
  const TensorMap tensors = tiny_gpt2_tensors();
  write_gpt2(at("gpt2"), tensors);
  const LoadedModel loaded = load_model(at("gpt2"));
  EXPECT_EQ(loaded.layout, "gpt2");
  EXPECT_EQ(loaded.sha256, sha256_of_file(at("gpt2/model.safetensors")));
  EXPECT_EQ(loaded.metadata, tiny_gpt2_config());
  EXPECT_EQ(loaded.model->config(), tiny_gpt2_sizes());
  EXPECT_TRUE(loaded.model->W_U.equal(tensors.at("wte.weight").t()));
  save_model(*loaded.model, at("own"));
  EXPECT_TRUE(load_model(at("own")).model->W_U.equal(loaded.model->W_U));
}

TEST_F(ModelFileTest, WhatTheNetworkCannotExpressIsRefused) {
  const auto with = [&](const char* field, const json& value) {
    json config = tiny_gpt2_config();
    config[field] = value;
    write_gpt2(at("gpt2"), tiny_gpt2_tensors(), config);
    return refusal(at("gpt2"));
  };
  EXPECT_EQ(with("activation_function", "relu"),
            R"(config.json: 'activation_function': expected "gelu_new", found "relu")");
  EXPECT_EQ(with("model_type", "llama"),
            R"(config.json: 'model_type': expected "gpt2", found "llama")");
  EXPECT_EQ(with("scale_attn_by_inverse_layer_idx", true),
            "config.json: 'scale_attn_by_inverse_layer_idx': expected false, found true");
  EXPECT_EQ(with("n_head", 4), "config.json: 'n_head': expected a divisor of 6, found 4");
  EXPECT_EQ(with("n_embd", int64_t{1} << 40),
            "config.json: 'n_embd': expected a positive 32-bit integer");
  EXPECT_EQ(with("n_layer", 1'000'000'000),
            "config.json: 'n_layer': found 1000000000, but only 32 tensors");
  EXPECT_EQ(with("n_layer", 3), "tensor 'h.2.attn.c_attn.weight': missing, expected shape [6, 18]");
  EXPECT_EQ(with("vocab_size", 12), "tensor 'wte.weight': expected shape [12, 6], found [11, 6]");
  EXPECT_EQ(with("tie_word_embeddings", false),
            "tensor 'lm_head.weight': missing, expected shape [11, 6]");
}

TEST_F(ModelFileTest, Gpt2WeightsAloneAskForTheirFolder) {
  write_gpt2(at("gpt2"), tiny_gpt2_tensors());
  EXPECT_EQ(refusal(at("gpt2/model.safetensors")),
            "GPT-2 weights: expected the folder that holds their config.json too");
}

TEST_F(ModelFileTest, ThePublishedModelIsRead) {
  const char* published = std::getenv("ASSAY_PUBLISHED");
  if (published == nullptr) GTEST_SKIP() << "ASSAY_PUBLISHED is not set";
  const auto path = std::filesystem::path(published) / "sat2_published/900.pth";
  const LoadedModel loaded = load_model(path);
  EXPECT_EQ(loaded.sha256, "d587446c64b7a8d68de93808ccf84a84364b85dcaf2149b8983b77895e24046d");
  EXPECT_EQ(loaded.layout, "grokking");
  EXPECT_EQ(loaded.metadata.at("epoch"), 900);
  EXPECT_EQ(loaded.model->config(), (TransformerConfig{.d_vocab = 16, .n_ctx = 41}));
  const TensorMap raw = read_checkpoint(path).tensors;
  const Transformer& model = *loaded.model;
  EXPECT_TRUE(model.W_E.equal(raw.at("embed.W_E").t()));
  EXPECT_TRUE(model.blocks[1]->attn->W_K[2].equal(raw.at("blocks.1.attn.W_K")[2].t()));
  EXPECT_TRUE(
      model.blocks[1]->attn->W_O[3].equal(raw.at("blocks.1.attn.W_O").narrow(1, 96, 32).t()));
  // spec/sat2.md: the unembedding vectors of SAT (13) and UNSAT (14) are opposite
  const at::Tensor sum = model.W_U.select(1, 13) + model.W_U.select(1, 14);
  EXPECT_NEAR(sum.norm().item<double>(), 6e-6, 1e-6);
}

}  // namespace
}  // namespace assay::interp
