// Tiny random models of every Hugging Face family against what transformers computes on them
// (make_families.py).

#include "interp/adapters/families/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <filesystem>

#include "interp/adapters/model_file.h"
#include "interp/files/files.h"
#include "interp/network/transformer.h"
#include "tests/interp/adapters/tiny_gpt2.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace families_test {

namespace fs = std::filesystem;
using at::Tensor;
using nlohmann::json;
using testing::HasSubstr;

const fs::path kFixtures = ASSAY_SOURCE "/tests/interp/adapters/families";

std::vector<std::string> names_of_fixtures() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFixtures))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// Largest difference over largest value.
double relative_error(const Tensor& found, const Tensor& expected) {
  const Tensor theirs = expected.to(at::kDouble);
  const Tensor difference = found.to(at::kDouble).reshape_as(theirs) - theirs;
  return (difference.abs().max() / theirs.abs().max()).item<double>();
}

/// The number that make_families.py differentiates.
Tensor scalar_of(const Tensor& logits) {
  return (logits.flatten() * at::arange(logits.numel(), logits.scalar_type()).cos()).sum();
}

const std::vector<std::string> kWeights = {"blocks.0.mlp.W_out", "blocks.1.attn.W_O"};

class FamiliesTest : public testing::TestWithParam<std::string> {
 protected:
  const fs::path folder_ = kFixtures / GetParam();
  const LoadedModel loaded_ = load_model(folder_);
  const TensorMap expected_ = read_safetensors(folder_ / "expected.safetensors").tensors;

  const Transformer& model() const { return *loaded_.model; }
  const Tensor& expected(const std::string& name) const { return expected_.at(name); }

  /// @param gradients  with respect to hook_embed and to kWeights.
  void expect_as_transformers(const Tensor& logits, const std::vector<Tensor>& gradients) const {
    EXPECT_LE(relative_error(logits, expected("logits")), 1e-5);
    EXPECT_LE(relative_error(gradients[0], expected("hook_embed")), 1e-4);
    for (size_t i = 0; i < kWeights.size(); ++i)
      EXPECT_LE(relative_error(gradients[i + 1], expected(kWeights[i])), 1e-4) << kWeights[i];
  }
};

std::string as_it_is(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Of, FamiliesTest, testing::ValuesIn(names_of_fixtures()), as_it_is);

TEST_P(FamiliesTest, TracesGiveLogitsAndGradientsOfTransformers) {
  const Site embed{.place = hook::embed()}, logits{.place = hook::logits()};
  const Tensor tokens = expected("tokens");
  const Tensor vectors = model().trace(tokens, {.record = {embed}})[0].detach().requires_grad_();
  std::vector<Tensor> wanted = {vectors};
  for (const std::string& name : kWeights) wanted.push_back(model().weight(name).requires_grad_());
  const Tensor found =
      model().trace(tokens, {.record = {logits}, .overwrite = {{embed, vectors}}})[0];
  expect_as_transformers(found.detach(), torch::autograd::grad({scalar_of(found)}, wanted));
}

TEST_P(FamiliesTest, TheNaiveForwardPassGivesThem) {
  TensorMap weights = weights_of(model());
  std::vector<Tensor> wanted = {NaiveForward(model().config(), weights, expected("tokens"))
                                    .values.at(hook::embed())
                                    .detach()
                                    .requires_grad_()};
  for (const std::string& name : kWeights)
    wanted.push_back(weights[name] = weights[name].to(at::kDouble).requires_grad_());
  const NaiveForward run(model().config(), weights, expected("tokens"),
                         {{{.place = hook::embed()}, wanted[0]}});
  const Tensor found = run.values.at(hook::logits());
  expect_as_transformers(found.detach(), torch::autograd::grad({scalar_of(found)}, wanted));
}

TEST(FamiliesTest, EveryFamilyHasAFixture) {
  std::set<std::string> seen;
  for (const std::string& name : names_of_fixtures())
    seen.insert(load_model(kFixtures / name).layout);
  const std::vector<std::string> all = names_of(families());
  EXPECT_EQ(seen, std::set<std::string>(all.begin(), all.end()));
}

// --- fields of config.json

class ConfigTest : public Scratch {
 protected:
  /// The fixture with members of its config.json replaced; those replaced by "absent" are removed.
  fs::path with(const std::string& fixture, const json& changes) const {
    fs::remove_all(at(fixture));
    fs::copy(kFixtures / fixture, at(fixture));
    json config = json::parse(read_file(kFixtures / fixture / "config.json"));
    for (const auto& [name, value] : changes.items()) {
      config[name] = value;
      if (value == "absent") config.erase(name);
    }
    put(fixture + "/config.json", config.dump());
    return at(fixture);
  }

  /// Largest difference to the logits of transformers, relative to the largest.
  double error_with(const std::string& fixture, const json& changes) const {
    const auto expected = read_safetensors(kFixtures / fixture / "expected.safetensors").tensors;
    const auto model = load_model(with(fixture, changes)).model;
    const Tensor logits =
        model->trace(expected.at("tokens"), {.record = {{.place = hook::logits()}}})[0];
    return relative_error(logits, expected.at("logits"));
  }

  /// What loading says behind `FOLDER: config.json: field '`.
  std::string refusal(const std::string& fixture, const json& changes) const {
    const std::string start = at(fixture).string() + ": config.json: field '";
    const std::string message = message_of([&] { load_model(with(fixture, changes)); });
    EXPECT_THAT(message, testing::StartsWith(start));
    return message.substr(std::min(message.size(), start.size()));
  }
};

TEST_F(ConfigTest, EveryFieldThatIsReadMatters) {
  const std::vector<std::tuple<const char*, const char*, json>> switches = {
      {"gpt2", "activation_function", "relu"},
      {"gpt2", "layer_norm_epsilon", 0.1},
      {"gpt2", "scale_attn_weights", false},
      {"opt", "activation_function", "gelu"},
      {"opt_350m", "activation_function", "gelu"},
      {"gptj", "rotary_dim", 4},
      {"gptj", "rotary_dim", nullptr},
      {"gptj", "activation_function", "gelu"},
      {"gpt_neo", "window_size", 4},
      {"gpt_neo", "attention_layers", {"global", "global"}},
      {"gpt_neox", "use_parallel_residual", false},
      {"gpt_neox", "layer_norm_eps", 0.1},
      {"gpt_neox", "rope_parameters", {{"partial_rotary_factor", 1}}},
      {"llama", "hidden_act", "gelu"},
      {"llama", "rms_norm_eps", 0.1},
      {"llama", "rope_parameters", {{"rope_theta", 10000}}},
      {"mistral", "sliding_window", 4},
      {"mistral", "sliding_window", nullptr},
      {"smollm", "hidden_act", "relu"},
      {"bert_mlm", "hidden_act", "relu"},
      {"bert_mlm", "hidden_act", "silu"},
      {"bert_classifier", "layer_norm_eps", 0.1},
      {"roberta_mlm", "hidden_act", "gelu_new"},
      {"distilbert_mlm", "activation", "relu"},
      {"distilbert_classifier", "activation", "relu"}};
  for (const auto& [fixture, field, value] : switches)
    EXPECT_GT(error_with(fixture, {{field, value}}), 5e-5) << fixture << " " << field << value;
  const json windows = {{"use_sliding_window", true},
                        {"sliding_window", 3},
                        {"layer_types", {"full_attention", "sliding_attention"}}};
  EXPECT_GT(error_with("qwen2", windows), 1e-3);
}

/// transformers wrote the same in other words, or left it out, where it was the default.
TEST_F(ConfigTest, OlderVersionsSayTheSameInOtherFields) {
  const std::vector<std::pair<const char*, json>> same = {
      {"llama", {{"rope_parameters", "absent"}, {"rope_theta", 500}, {"rope_scaling", nullptr}}},
      {"llama", {{"rope_theta", 500}, {"dtype", "absent"}, {"torch_dtype", "float32"}}},
      {"llama", {{"head_dim", "absent"}, {"attention_bias", "absent"}, {"mlp_bias", "absent"}}},
      {"gpt_neox",
       {{"rope_parameters", "absent"}, {"rotary_pct", 0.5}, {"rotary_emb_base", 10000}}},
      {"gpt_neox", {{"use_parallel_residual", "absent"}, {"attention_bias", "absent"}}},
      {"gpt_neo", {{"attention_layers", "absent"}}},
      {"gpt_neo", {{"attention_layers", "absent"}, {"attention_types", "absent"}}},
      {"gpt2", {{"activation_function", "absent"}, {"architectures", "absent"}, {"n_ctx", 10}}},
      {"opt", {{"word_embed_proj_dim", "absent"}, {"enable_bias", "absent"}}},
      {"bert_mlm", {{"position_embedding_type", "absolute"}, {"type_vocab_size", "absent"}}},
      {"bert_mlm", {{"architectures", {"BertForPreTraining"}}}}};
  for (const auto& [fixture, changes] : same)
    EXPECT_LE(error_with(fixture, changes), 1e-5) << fixture << changes;
}

TEST_F(ConfigTest, WhatCannotBeRunIsRefusedByName) {
  const std::vector<std::tuple<const char*, json, const char*>> refused = {
      {"gpt2",
       {{"scale_attn_by_inverse_layer_idx", true}},
       "scale_attn_by_inverse_layer_idx': exp"},
      {"gpt2", {{"add_cross_attention", true}}, "add_cross_attention': expected false, found true"},
      {"gpt2",
       {{"architectures", {"GPT2ForTokenClassification"}}},
       "architectures': [\"GPT2ForTok"},
      {"opt", {{"_remove_final_layer_norm", true}}, "_remove_final_layer_norm': expected false"},
      {"opt_350m",
       {{"layer_norm_elementwise_affine", false}},
       "layer_norm_elementwise_affine': false cannot be run"},
      {"gpt_neo",
       {{"attention_layers", {"global", "sparse"}}},
       "attention_layers': expected globa"},
      {"gpt_neo", {{"attention_layers", {"global"}}}, "attention_layers': expected 2 entries"},
      {"gpt_neo",
       {{"attention_layers", "absent"}, {"attention_types", {{"global", 2}}}},
       "attention_types': expected a list of"},
      {"llama", {{"hidden_act", "quick_gelu"}}, "hidden_act': \"quick_gelu\" cannot be run; this"},
      {"llama", {{"mlp_bias", true}}, "mlp_bias': expected false, found true"},
      {"llama",
       {{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}}},
       "rope_scaling.rope_type': expected \"default\", found \"llama3\""},
      {"llama", {{"rope_scaling", {{"factor", 2.0}}}}, "rope_scaling.factor': 2.0 is not known"},
      {"llama",
       {{"rope_parameters", {{"rope_type", "yarn"}}}},
       "rope_parameters.rope_type': expected \"default\", found \"yarn\""},
      {"llama", {{"rope_theta", 600}}, "rope_parameters.rope_theta': 500, but rope_theta is 600"},
      {"gpt_neox", {{"rotary_pct", 1.0}}, "partial_rotary_factor': 0.5, but rotary_pct is 1"},
      {"llama", {{"partial_rotary_factor", 0.5}}, "partial_rotary_factor': expected 1"},
      {"gpt_neox", {{"rope_parameters", {{"partial_rotary_factor", 0.25}}}}, "rotate 1 of the 4"},
      {"llama", {{"num_key_value_heads", 3}}, "num_key_value_heads': expected a divisor of 2"},
      {"qwen2",
       {{"layer_types", {"full_attention", "chunked_attention"}}},
       "layer_types': chunked"},
      {"bert_mlm", {{"position_embedding_type", "relative_key"}}, "position_embedding_type': expe"},
      {"bert_mlm", {{"is_decoder", true}}, "is_decoder': expected false"},
      {"bert_mlm",
       {{"architectures", "absent"}},
       "architectures': missing, but it says which head"},
      {"bert_mlm", {{"architectures", {"BertForTokenClassification"}}}, "cannot be run; this vers"},
      {"roberta_mlm", {{"pad_token_id", 9}}, "max_position_embeddings': expected more than"}};
  for (const auto& [fixture, changes, words] : refused)
    EXPECT_THAT(refusal(fixture, changes), HasSubstr(words)) << fixture << changes;
}

/// A field that nobody here has heard of may change everything.
TEST_F(ConfigTest, UnknownFieldsAreRefusedByName) {
  for (const std::string& fixture : names_of_fixtures()) {
    for (const char* name : {"logit_scale", "attention_multiplier", "quantization_config"}) {
      EXPECT_THAT(refusal(fixture, {{name, 0.5}}),
                  HasSubstr(std::string(name) + "': 0.5 is not known, and may change what"));
      EXPECT_NO_THROW(load_model(with(fixture, {{name, nullptr}})));
    }
    EXPECT_THAT(refusal(fixture, {{"embedding_bias", false}}), HasSubstr("false is not known"));
  }
}

// --- tensors

class TensorsTest : public Scratch {
 protected:
  static Tensor logits(const Transformer& model, const Tensor& tokens) {
    return model.trace(tokens, {.record = {{.place = hook::logits()}}})[0];
  }
  /// The fixture with its tensors changed.
  fs::path with(const std::string& fixture, const std::function<void(TensorMap&)>& change) const {
    fs::remove_all(at(fixture));
    fs::copy(kFixtures / fixture, at(fixture));
    TensorMap tensors = read_safetensors(at(fixture) / "model.safetensors").tensors;
    change(tensors);
    write_safetensors(at(fixture) / "model.safetensors", {.tensors = tensors});
    return at(fixture);
  }
  std::string refusal(const std::string& fixture,
                      const std::function<void(TensorMap&)>& change) const {
    const std::string message = message_of([&] { load_model(with(fixture, change)); });
    return message.substr(std::min(message.size(), at(fixture).string().size() + 2));
  }
};

TEST_F(TensorsTest, NamesOfOldFilesAndOfWrappersAreKnown) {
  using Renames = std::vector<std::pair<std::string, std::string>>;
  const auto error_after = [&](const std::string& fixture, const Renames& renames,
                               const std::string& prefix = "") {
    const fs::path folder = with(fixture, [&](TensorMap& tensors) {
      TensorMap changed;
      for (const auto& [old, tensor] : tensors) {
        std::string name = old;
        for (const auto& [from, to] : renames)
          if (const size_t found = name.find(from); found != name.npos)
            name.replace(found, from.size(), to);
        changed[prefix + name] = tensor;
      }
      tensors = changed;
    });
    const auto expected = read_safetensors(kFixtures / fixture / "expected.safetensors").tensors;
    return relative_error(logits(*load_model(folder).model, expected.at("tokens")),
                          expected.at("logits"));
  };
  EXPECT_LE(error_after("gpt2", {{"transformer.", ""}}), 1e-5);
  EXPECT_LE(error_after("gpt2", {}, "module."), 1e-5);
  EXPECT_LE(error_after("mistral", {}, "_orig_mod."), 1e-5);
  EXPECT_LE(error_after("opt_350m", {{"model.decoder.", "decoder."}}), 1e-5);
  EXPECT_LE(error_after("bert_mlm", {{"LayerNorm.weight", "LayerNorm.gamma"},
                                     {"LayerNorm.bias", "LayerNorm.beta"}}),
            1e-5);
}

TEST_F(TensorsTest, WhatIsTiedMayOnlyRepeat) {
  const auto head = [](double times) {
    return [times](TensorMap& tensors) {
      tensors["lm_head.weight"] = tensors.at("transformer.wte.weight") * times;
    };
  };
  EXPECT_EQ(refusal("gpt2", head(1)), "");
  EXPECT_EQ(refusal("gpt2", head(2)),
            "tensor 'lm_head.weight': differs from the embedding, but config.json ties them "
            "('tie_word_embeddings')");
  const auto bias = [](double times) {
    return [times](TensorMap& tensors) {
      tensors["cls.predictions.decoder.bias"] = tensors.at("cls.predictions.bias") * times;
    };
  };
  EXPECT_EQ(refusal("bert_mlm", bias(1)), "");
  EXPECT_THAT(refusal("bert_mlm", bias(2)), HasSubstr("differs from 'cls.predictions.bias'"));
}

TEST_F(TensorsTest, BuffersAreComparedOrPassedOver) {
  const auto add = [](const std::string& name, const Tensor& tensor) {
    return [name, tensor](TensorMap& tensors) { tensors[name] = tensor; };
  };
  const Tensor causal = at::ones({1, 1, 10, 10}, at::kBool).tril();
  EXPECT_EQ(refusal("gptj", add("transformer.h.0.attn.bias", causal)), "");
  EXPECT_THAT(refusal("gptj", add("transformer.h.0.attn.bias", causal.triu(-2))),
              HasSubstr("the last 3, but the network is said to let them attend to all"));
  const std::string neo = "transformer.h.1.attn.attention.bias";  // of a local block
  EXPECT_EQ(refusal("gpt_neo", add(neo, causal.triu(-2))), "");
  EXPECT_THAT(refusal("gpt_neo", add(neo, causal)), HasSubstr("is said to let them attend to 3"));
  EXPECT_EQ(refusal("mistral", add("model.layers.0.self_attn.rotary_emb.inv_freq", at::ones({2}))),
            "");
}

TEST_F(TensorsTest, MissingAndUnknownOnesAreNamed) {
  const auto without = [](const std::string& name) {
    return [name](TensorMap& tensors) { tensors.erase(name); };
  };
  EXPECT_EQ(refusal("mistral", without("model.layers.1.self_attn.k_proj.weight")),
            "tensor 'model.layers.1.self_attn.k_proj.weight': missing, expected shape [4, 8]");
  EXPECT_EQ(refusal("mistral", without("lm_head.weight")),
            "tensor 'lm_head.weight': missing, expected shape [13, 8]");
  EXPECT_EQ(refusal("qwen2", without("model.embed_tokens.weight")),
            "tensor 'model.embed_tokens.weight': missing");
  EXPECT_EQ(refusal("qwen2",
                    [](TensorMap& tensors) {
                      tensors["model.layers.0.self_attn.q_norm.weight"] = at::ones({4});
                    }),
            "tensor 'model.layers.0.self_attn.q_norm.weight': unknown, shape [4]");
  EXPECT_EQ(refusal("qwen2",
                    [](TensorMap& tensors) {
                      tensors["model.layers.0.self_attn.o_proj.bias"] = at::ones({8});
                    }),
            "tensor 'model.layers.0.self_attn.o_proj.bias': unknown, shape [8]");
}

// --- GPT-2, weight by weight

Weights read_tiny_gpt2(const TensorMap& tensors, bool tied = true) {
  json config = tiny_gpt2_config();
  config["tie_word_embeddings"] = tied;
  ConfigFields fields(config);
  return read_gpt2(fields, tensors);
}

TEST(Gpt2Test, IsUnpackedWeightByWeight) {
  for (const std::string prefix : {"", "transformer."}) {
    const TensorMap file = tiny_gpt2_tensors(prefix);
    const TensorMap tensors = read_tiny_gpt2(file).tensors;
    const auto theirs = [&](const std::string& name) { return file.at(prefix + name); };
    EXPECT_TRUE(tensors.at("embed.W_E").equal(theirs("wte.weight")));
    EXPECT_TRUE(tensors.at("pos_embed.W_pos").equal(theirs("wpe.weight")));
    EXPECT_TRUE(tensors.at("unembed.W_U").equal(theirs("wte.weight").t()));
    EXPECT_TRUE(tensors.at("ln_final.w").equal(theirs("ln_f.weight")));
    EXPECT_TRUE(tensors.at("ln_final.b").equal(theirs("ln_f.bias")));
    for (const std::string layer : {"0", "1"}) {
      const std::string ours = "blocks." + layer + ".", block = "h." + layer + ".";
      const std::map<std::string, std::string> same = {
          {"ln1.w", "ln_1.weight"},        {"ln1.b", "ln_1.bias"},
          {"ln2.w", "ln_2.weight"},        {"ln2.b", "ln_2.bias"},
          {"mlp.W_in", "mlp.c_fc.weight"}, {"mlp.W_out", "mlp.c_proj.weight"},
          {"mlp.b_in", "mlp.c_fc.bias"},   {"mlp.b_out", "mlp.c_proj.bias"},
          {"attn.b_O", "attn.c_proj.bias"}};
      for (const auto& [mine, its] : same) {
        EXPECT_TRUE(tensors.at(ours + mine).equal(theirs(block + its))) << mine;
      }
      // columns of c_attn: q of head 0, q of head 1, k of head 0, …, three each
      const at::Tensor packed = theirs(block + "attn.c_attn.weight");
      const at::Tensor bias = theirs(block + "attn.c_attn.bias");
      int64_t column = 0;
      for (const std::string side : {"Q", "K", "V"}) {
        for (int64_t head = 0; head < 2; ++head, column += 3) {
          EXPECT_TRUE(tensors.at(ours + "attn.W_" + side)[head].equal(packed.narrow(1, column, 3)));
          EXPECT_TRUE(tensors.at(ours + "attn.b_" + side)[head].equal(bias.narrow(0, column, 3)));
        }
      }
      const at::Tensor joint = theirs(block + "attn.c_proj.weight");  // rows: head-major
      EXPECT_TRUE(tensors.at(ours + "attn.W_O")[1].equal(joint.narrow(0, 3, 3)));
    }
  }
}

TEST(Gpt2Test, MayHaveAnUnembeddingOfItsOwn) {
  TensorMap file = tiny_gpt2_tensors("transformer.");
  file["lm_head.weight"] = at::ones({11, 6});
  EXPECT_TRUE(read_tiny_gpt2(file, false).tensors.at("unembed.W_U").equal(at::ones({6, 11})));
  EXPECT_THAT(message_of([&] { read_tiny_gpt2(file); }),
              HasSubstr("tensor 'lm_head.weight': differs from the embedding"));
  file["lm_head.weight"] = file.at("transformer.wte.weight").clone();
  EXPECT_TRUE(read_tiny_gpt2(file).tensors.at("unembed.W_U").equal(file.at("lm_head.weight").t()));
}

TEST(Gpt2Test, MismatchesUseItsOwnNames) {
  TensorMap file = tiny_gpt2_tensors();
  file["h.1.attn.c_attn.weight"] = at::zeros({18, 6});
  EXPECT_EQ(message_of([&] { read_tiny_gpt2(file); }),
            "tensor 'h.1.attn.c_attn.weight': expected shape [6, 18], found [18, 6]");
  file = tiny_gpt2_tensors();
  file.erase("h.0.mlp.c_fc.bias");
  EXPECT_EQ(message_of([&] { read_tiny_gpt2(file); }),
            "tensor 'h.0.mlp.c_fc.bias': missing, expected shape [24]");
  EXPECT_EQ(message_of([&] { read_tiny_gpt2(tiny_gpt2_tensors(), false); }),
            "tensor 'lm_head.weight': missing, expected shape [11, 6]");
  file = tiny_gpt2_tensors();
  file["h.0.crossattention.bias"] = at::zeros({2});
  EXPECT_EQ(message_of([&] { read_tiny_gpt2(file); }),
            "tensor 'h.0.crossattention.bias': unknown, shape [2]");
}

}  // namespace families_test
}  // namespace assay::interp
