#include "interp/adapters/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "interp/files/files.h"
#include "interp/files/pth.h"
#include "interp/files/safetensors.h"
#include "interp/network/transformer.h"
#include "tests/interp/adapters/tiny_gpt2.h"
#include "tests/interp/files/checkpoint_bytes.h"
#include "tests/interp/scratch.h"

namespace assay::interp {
namespace model_file_test {

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

std::unique_ptr<Transformer> model_of(const TransformerConfig& config = small()) {
  auto model = std::make_unique<Transformer>(config);
  initialise(*model, {.seed = 2});
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
  const auto owned = model_of();
  const Transformer& model = *owned;
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
    save_model(*model_of(), at("one"), metadata);
    const LoadedModel loaded = load_model(at("one"));
    save_model(*loaded.model, at("two"), loaded.metadata);
    EXPECT_EQ(read_file(at("one")), read_file(at("two")));
  }
}

TEST_F(ModelFileTest, NonFiniteWeightsAreRefused) {
  const auto owned = model_of();
  Transformer& model = *owned;
  save_model(model, at("m"));
  Safetensors content = read_safetensors(at("m"));
  content.tensors["unembed.b_U"][1] = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(at("m"), content);
  EXPECT_EQ(refusal(at("m")), "unembed.b_U: holds NaN or infinity");
  model.weight("unembed.b_U").detach()[1] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(save_model(model, at("n")), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(at("n")));
}

TEST_F(ModelFileTest, MetadataMustBeAnObject) {
  EXPECT_THROW(save_model(*model_of(), at("m"), json::array()), std::invalid_argument);
}

TEST_F(ModelFileTest, DamagedConfigurationsAreRefused) {
  save_model(*model_of(), at("m"));
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
  EXPECT_THAT(with("assay", std::string(1'000'000, '[')), HasSubstr("nested more than"));
  EXPECT_EQ(with("assay", R"({"task":1,"task":2})"), "assay: field 'task': stands twice");
}

/// Without its configuration a file leaves open how the network computes; a person says it.
std::string with_configuration(const std::string& weights, const TransformerConfig& config) {
  return sha256(weights + "\n" + to_json(config).dump());
}

TEST_F(ModelFileTest, WithoutAConfigurationAPersonSpeaks) {
  TransformerConfig config = small();
  config.activation = Activation::GeluExact;
  config.causal = false;
  save_model(*model_of(config), at("m.safetensors"));
  Safetensors content = read_safetensors(at("m.safetensors"));
  content.metadata.clear();
  write_safetensors(at("m.safetensors"), content);
  EXPECT_THAT(refusal(at("m.safetensors")),
              testing::AllOf(HasSubstr("nothing is guessed"), HasSubstr("activation (relu,"),
                             HasSubstr(at("m.config.json").string())));

  const json said = {{"activation", "gelu_exact"},   {"norm_eps", 1e-6},
                     {"attention", "bidirectional"}, {"positions", "learned"},
                     {"scores", "scaled"},           {"blocks", "sequential"}};
  const LoadedModel by_option = load_model(at("m.safetensors"), said);
  EXPECT_EQ(by_option.layout, "transformer-lens");
  EXPECT_EQ(by_option.model->config(), config);
  EXPECT_EQ(by_option.metadata, json::object());

  json otherwise = said;
  otherwise["activation"] = "relu";  // the same weights, another network
  EXPECT_NE(load_model(at("m.safetensors"), otherwise).sha256, by_option.sha256);

  put("m.config.json", said.dump());
  const LoadedModel by_file = load_model(at("m.safetensors"));
  EXPECT_EQ(by_file.model->config(), config);
  EXPECT_EQ(by_file.sha256, by_option.sha256);
  const auto source = [&](const char* name) {
    return std::ranges::find(by_file.settings, name, &Setting::name)->source;
  };
  EXPECT_EQ(source("activation"), "m.config.json");
  EXPECT_EQ(source("norm"), "tensors");
  EXPECT_EQ(source("layout"), "shape of W_O");
  EXPECT_EQ(message_of([&] {
              load_model(at("m.safetensors"), {{"activation", "relu"}});
            }),
            at("m.safetensors").string() +
                ": activation: relu according to option, gelu_exact according to m.config.json");
}

/// A whole configuration of our own may lie beside a file, but for `gelu`, which is two functions.
TEST_F(ModelFileTest, TheConfigurationBesideAFileIsReadStrictly) {
  TransformerConfig config = small();
  config.activation = Activation::Relu;
  save_model(*model_of(config), at("m.pt"));
  Safetensors content = read_safetensors(at("m.pt"));
  content.metadata.clear();
  write_safetensors(at("m.pt"), content);
  json whole = to_json(config);
  whole.update({{"causal", true},
                {"positions", "standard"},
                {"scores", "scaled"},
                {"blocks", "sequential"}});
  const auto with = [&](const char* name, const json& value) {
    json changed = whole;
    changed[name] = value;
    put("m.config.json", changed.dump());
    return message_of([&] { load_model(at("m.pt")); });
  };
  EXPECT_EQ(with("norm", "LN"), "");
  const std::string where = at("m.pt").string() + ": m.config.json: ";
  EXPECT_THAT(with("activation", "gelu"), HasSubstr("names two functions, gelu_exact"));
  EXPECT_EQ(with("activation", "solu_ln"),
            where +
                "activation \"solu_ln\": cannot be run; this version runs relu, gelu_exact, "
                "gelu_tanh, silu, tanh");
  EXPECT_THAT(with("norm", "LNPre"), HasSubstr("norm: pre_unweighted according to m.config.json"));
  EXPECT_THAT(with("positions", "shortformer"), HasSubstr("cannot be run"));
  EXPECT_THAT(with("positions", "rotary"), HasSubstr("To be said: rotary_dims"));
  EXPECT_THAT(with("scores", "soft_capped"), HasSubstr("cannot be run"));
  EXPECT_THAT(with("attention", "local"), HasSubstr("cannot be run"));
  EXPECT_THAT(with("blocks", "braided"), HasSubstr("unknown"));
  EXPECT_THAT(with("activation", "rleu"), HasSubstr("activation \"rleu\": unknown"));
  EXPECT_THAT(with("activation", 3), HasSubstr("activation 3: expected a text"));
  EXPECT_THAT(with("norm_eps", -1), HasSubstr("norm_eps: expected a positive number, found -1"));
  EXPECT_THAT(with("attention", "bidirectional"), HasSubstr("attention: bidirectional according"));
  EXPECT_THAT(with("d_mlp", 5), HasSubstr("d_mlp: 5 according to m.config.json, 4 according to"));
  EXPECT_THAT(with("window", 5), HasSubstr("unknown setting 'window'; there are activation, norm"));
  put("m.config.json", R"({"activation":"relu","activation":"gelu_tanh"})");
  EXPECT_THAT(message_of([&] { load_model(at("m.pt")); }), HasSubstr("stands twice"));
  put("m.config.json", "[]");
  EXPECT_THAT(message_of([&] { load_model(at("m.pt")); }), HasSubstr("expected a JSON object"));
}

TEST_F(ModelFileTest, OwnFilesAgreeWithWhatIsSaid) {
  save_model(*model_of(), at("m"));
  EXPECT_EQ(load_model(at("m"), {{"activation", "gelu_new"}, {"norm", "pre"}}).model->config(),
            small());
  EXPECT_THAT(message_of([&] {
                load_model(at("m"), {{"attention", "bidirectional"}});
              }),
              HasSubstr("bidirectional according to option, causal according to the file's"));
}

TEST_F(ModelFileTest, SquareTensorsAskForTheLayout) {
  TransformerConfig square{
      .d_vocab = 4, .n_ctx = 3, .d_model = 4, .d_mlp = 4, .n_heads = {1}, .d_head = {4}};
  save_model(*model_of(square), at("m"));
  Safetensors content = read_safetensors(at("m"));
  content.metadata.clear();
  content.tensors["blocks.0.attn.W_O"] = content.tensors["blocks.0.attn.W_O"][0];
  write_safetensors(at("m"), content);  // fits the grokking layout in every shape
  EXPECT_THAT(refusal(at("m")), HasSubstr("To be said: layout (transformer-lens, grokking)"));
  EXPECT_EQ(load_model(at("m"), {{"layout", "grokking"}}).layout, "grokking");
  EXPECT_THAT(message_of([&] {
                load_model(at("m"), {{"layout", "transformer-lens"}});
              }),
              HasSubstr("layout: transformer-lens according to option, grokking according to"));
}

/// What DataParallel and torch.compile leave in names.
TEST_F(ModelFileTest, WrappersAreStripped) {
  const auto owned = model_of();
  const Transformer& model = *owned;
  save_model(model, at("m"));
  const Safetensors plain = read_safetensors(at("m"));
  for (const std::string prefix :
       {"module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."}) {
    Safetensors wrapped{.metadata = plain.metadata};
    for (const auto& [name, tensor] : plain.tensors) wrapped.tensors[prefix + name] = tensor;
    write_safetensors(at("wrapped"), wrapped);
    EXPECT_TRUE(load_model(at("wrapped")).model->W_U().equal(model.W_U())) << prefix;
  }
  Safetensors inside{.metadata = plain.metadata};
  for (const auto& [name, tensor] : plain.tensors) {
    const bool block = name.starts_with("blocks.0.");
    inside.tensors[block ? "blocks.0._orig_mod." + name.substr(9) : name] = tensor;
  }
  write_safetensors(at("inside"), inside);
  EXPECT_NO_THROW(load_model(at("inside")));
  inside.tensors["module.embed.W_E"] = plain.tensors.at("embed.W_E");
  write_safetensors(at("inside"), inside);
  EXPECT_EQ(refusal(at("inside")),
            "tensor 'module.embed.W_E': stands twice, with and without a wrapper");
}

TEST_F(ModelFileTest, WhatIsNoModelIsNamedForWhatItIs) {
  const auto found = [&](std::string_view bytes) { return refusal(put("x.pth", bytes)); };
  EXPECT_EQ(found(""), "is empty");
  EXPECT_EQ(found("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
            "is a Git LFS pointer to a file of 12345 bytes, not the file itself: git lfs pull "
            "fetches it");
  EXPECT_THAT(found("\n <!DOCTYPE HTML><html><head><title>404</title></head></html>"),
              HasSubstr("is a web page"));
  const std::string legacy("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M",
                           18);
  EXPECT_THAT(found(legacy), HasSubstr("in the format before PyTorch 1.6: save it again"));
  EXPECT_THAT(found("\x80\x04\x95 a pickle of Python's"), HasSubstr("is a bare pickle"));
  EXPECT_THAT(found("\x1f\x8b\x08 something"), HasSubstr("gzip"));
  EXPECT_EQ(found("weights: 1 2 3 4"), "is neither safetensors nor a checkpoint of torch.save");
  EXPECT_EQ(found("short"), "is neither safetensors nor a checkpoint of torch.save");
  EXPECT_EQ(refusal("/dev/zero"), "expected a regular file, found a device");
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);  // nobody writes into it
  EXPECT_EQ(refusal(at("pipe")), "expected a regular file, found a pipe");
  put("m", "");
  ASSERT_EQ(mkfifo(at("m.config.json").c_str(), 0600), 0);
  EXPECT_THAT(message_of([&] { load_model(at("m")); }), HasSubstr("found a pipe"));
}

TEST_F(ModelFileTest, TypesOfTensorsThatAreIgnoredDoNotMatter) {
  TransformerConfig config = small();
  save_model(*model_of(config), at("m"));
  std::string bytes = read_file(at("m"));
  const uint64_t old = *reinterpret_cast<const uint64_t*>(bytes.data());
  json header = json::parse(bytes.substr(8, old));
  const size_t end = bytes.size() - 8 - old;
  header["blocks.0.attn.IGNORE"] = {
      {"dtype", "F8_E4M3"}, {"shape", json::array()}, {"data_offsets", {end, end + 1}}};
  const std::string text = header.dump();
  const uint64_t length = text.size();
  put("m",
      std::string(reinterpret_cast<const char*>(&length), 8) + text + bytes.substr(8 + old) + "z");
  EXPECT_EQ(load_model(at("m")).model->config(), config);
}

TEST_F(ModelFileTest, EveryTruncationIsRefused) {
  save_model(
      *model_of(
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
  const auto owned = model_of();
  const Transformer& model = *owned;
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
  const LoadedModel loaded = load_model(at("m"), {{"activation", "gelu_tanh"},
                                                  {"norm_eps", 1e-6},
                                                  {"attention", "causal"},
                                                  {"positions", "learned"},
                                                  {"scores", "scaled"},
                                                  {"blocks", "sequential"}});
  EXPECT_EQ(loaded.layout, "transformer-lens");
  EXPECT_EQ(loaded.metadata, (json{{"epoch", 9}}));
  EXPECT_TRUE(loaded.model->weight("blocks.1.attn.W_O").equal(model.weight("blocks.1.attn.W_O")));
}

TEST_F(ModelFileTest, AGpt2FolderIsRead) {
  const TensorMap tensors = tiny_gpt2_tensors();
  write_gpt2(at("gpt2"), tensors);
  const LoadedModel loaded = load_model(at("gpt2"));
  EXPECT_EQ(loaded.layout, "gpt2");
  EXPECT_EQ(loaded.sha256, with_configuration(sha256_of_file(at("gpt2/model.safetensors")),
                                              loaded.model->config()));
  EXPECT_EQ(loaded.metadata, tiny_gpt2_config());
  EXPECT_EQ(loaded.model->config(), tiny_gpt2_sizes());
  EXPECT_TRUE(loaded.model->W_U().equal(tensors.at("wte.weight").t()));
  save_model(*loaded.model, at("own"));
  EXPECT_TRUE(load_model(at("own")).model->W_U().equal(loaded.model->W_U()));
}

TEST_F(ModelFileTest, WhatTheNetworkCannotExpressIsRefused) {
  const auto with = [&](const char* field, const json& value) {
    json config = tiny_gpt2_config();
    config[field] = value;
    write_gpt2(at("gpt2"), tiny_gpt2_tensors(), config);
    return refusal(at("gpt2"));
  };
  EXPECT_EQ(with("activation_function", "mish"),
            "config.json: field 'activation_function': \"mish\" cannot be run; this version runs "
            "gelu, gelu_fast, gelu_new, gelu_python, gelu_pytorch_tanh, relu, silu, swish");
  EXPECT_EQ(with("model_type", "gemma"),
            "config.json: field 'model_type': 'gemma' cannot be run; this version runs gpt2, "
            "gpt_neo, gptj, gpt_neox, opt, llama, mistral, qwen2, bert, roberta, distilbert");
  EXPECT_THAT(with("model_type", nullptr), HasSubstr("field 'model_type': missing"));
  EXPECT_EQ(with("scale_attn_by_inverse_layer_idx", true),
            "config.json: field 'scale_attn_by_inverse_layer_idx': expected false, found true");
  EXPECT_EQ(with("n_head", 4), "config.json: field 'n_head': expected a divisor of 6, found 4");
  EXPECT_THAT(with("n_embd", int64_t{1} << 40), HasSubstr("config.json: field 'n_embd': expected"));
  EXPECT_THAT(with("n_embd", "6"), HasSubstr("config.json: field 'n_embd': expected"));
  EXPECT_THAT(with("tie_word_embeddings", "yes"), HasSubstr("expected"));
  EXPECT_EQ(with("n_layer", 1'000'000'000),
            "config.json: field 'n_layer': found 1000000000, but only 32 tensors");
  EXPECT_EQ(with("n_layer", 3), "tensor 'h.2.attn.c_attn.weight': missing, expected shape [6, 18]");
  EXPECT_EQ(with("vocab_size", 12), "tensor 'wte.weight': expected shape [12, 6], found [11, 6]");
  EXPECT_EQ(with("tie_word_embeddings", false),
            "tensor 'lm_head.weight': missing, expected shape [11, 6]");
}

TEST_F(ModelFileTest, ActivationsOfHuggingFaceAreKnownByTheirNames) {
  const std::map<std::string, Activation> known = {{"gelu_new", Activation::Gelu},
                                                   {"gelu_pytorch_tanh", Activation::Gelu},
                                                   {"gelu", Activation::GeluExact},
                                                   {"relu", Activation::Relu}};
  for (const auto& [name, activation] : known) {
    json config = tiny_gpt2_config();
    config["activation_function"] = name;
    write_gpt2(at("gpt2"), tiny_gpt2_tensors(), config);
    const LoadedModel loaded = load_model(at("gpt2"));
    EXPECT_EQ(loaded.model->config().activation, activation) << name;
    const auto setting = std::ranges::find(loaded.settings, "activation", &Setting::name);
    EXPECT_EQ(setting->source, "config.json");
  }
}

/// Several files and an index, as Hugging Face splits large models.
TEST_F(ModelFileTest, ShardsAreReadTogether) {
  const TensorMap tensors = tiny_gpt2_tensors("transformer.");
  std::filesystem::create_directories(at("gpt2"));
  put("gpt2/config.json", tiny_gpt2_config().dump());
  TensorMap shards[2];
  json index = {{"metadata", {{"total_size", 1}}}, {"weight_map", json::object()}};
  const std::string names[] = {"model-1.safetensors", "model-2.safetensors"};
  for (const auto& [name, tensor] : tensors) {
    const size_t shard = name.find("h.1.") != name.npos;
    shards[shard][name] = tensor;
    index["weight_map"][name] = names[shard];
  }
  const auto write = [&](const json& map) {
    for (size_t i = 0; i < 2; ++i) {
      write_safetensors(at("gpt2/" + names[i]), {.tensors = shards[i]});
    }
    put("gpt2/model.safetensors.index.json", map.dump());
  };
  write(index);
  const LoadedModel loaded = load_model(at("gpt2"));
  EXPECT_EQ(loaded.model->config(), tiny_gpt2_sizes());
  EXPECT_TRUE(loaded.model->W_E().equal(tensors.at("transformer.wte.weight")));
  EXPECT_EQ(
      loaded.sha256,
      with_configuration(sha256(sha256_of_file(at("gpt2/" + names[0])) + "  " + names[0] + "\n" +
                                sha256_of_file(at("gpt2/" + names[1])) + "  " + names[1] + "\n"),
                         loaded.model->config()));
  const auto with = [&](const char* tensor, const json& file) {
    json changed = index;
    changed["weight_map"][tensor] = file;
    write(changed);
    return refusal(at("gpt2"));
  };
  EXPECT_THAT(with("x", "model-1.safetensors"), HasSubstr("tensor 'x': missing, though"));
  EXPECT_THAT(with("x", "../../etc/passwd"), HasSubstr("expected the name of a file beside it"));
  EXPECT_THAT(with("x", "/etc/passwd"), HasSubstr("expected the name of a file beside it"));
  EXPECT_THAT(with("x", "none"), HasSubstr("one: cannot open"));
  EXPECT_THAT(with("x", 7), HasSubstr("expected a text"));
  shards[1]["transformer.wte.weight"] = tensors.at("transformer.wte.weight");
  write(index);
  EXPECT_THAT(refusal(at("gpt2")), HasSubstr("stands in another shard as well"));
}

TEST_F(ModelFileTest, Gpt2WeightsAloneAskForTheirFolder) {
  write_gpt2(at("gpt2"), tiny_gpt2_tensors());
  EXPECT_EQ(refusal(at("gpt2/model.safetensors")),
            "weights of the family gpt2: expected the folder that holds their config.json too");
  EXPECT_EQ(message_of([&] {
              load_model(at("gpt2"), {{"layout", "grokking"}});
            }),
            at("gpt2").string() +
                ": layout: \"grokking\" according to option, gpt2 according to config.json");
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
  EXPECT_TRUE(model.W_E().equal(raw.at("embed.W_E").t()));
  EXPECT_TRUE(model.weight("blocks.1.attn.W_K")[2].equal(raw.at("blocks.1.attn.W_K")[2].t()));
  EXPECT_TRUE(model.weight("blocks.1.attn.W_O")[3].equal(
      raw.at("blocks.1.attn.W_O").narrow(1, 96, 32).t()));
  // spec/sat2.md: the unembedding vectors of SAT (13) and UNSAT (14) are opposite
  const at::Tensor sum = model.W_U().select(1, 13) + model.W_U().select(1, 14);
  EXPECT_NEAR(sum.norm().item<double>(), 6e-6, 1e-6);
}

}  // namespace model_file_test
}  // namespace assay::interp
