#pragma once
// A small random GPT-2 as Hugging Face saves it.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "interp/files/files.h"
#include "interp/files/safetensors.h"
#include "interp/network/transformer.h"

namespace assay::interp {

/// 2 blocks, 2 heads of width 3, 11 tokens, 5 positions, an unusual epsilon.
inline nlohmann::json tiny_gpt2_config() {
  return {{"model_type", "gpt2"},
          {"activation_function", "gelu_new"},
          {"n_layer", 2},
          {"n_head", 2},
          {"n_embd", 6},
          {"n_positions", 5},
          {"n_inner", nullptr},
          {"vocab_size", 11},
          {"layer_norm_epsilon", 2e-5}};
}

/// The same as a Transformer's sizes.
inline TransformerConfig tiny_gpt2_sizes() {
  return {.d_vocab = 11,
          .n_ctx = 5,
          .d_model = 6,
          .d_mlp = 24,
          .n_heads = {2, 2},
          .d_head = {3, 3},
          .activation = Activation::Gelu,
          .norm = Norm::Pre,
          .norm_eps = 2e-5,
          .attention_biases = true};
}

/// @param prefix  "" as in the published files, or "transformer." as in a language model's.
inline TensorMap tiny_gpt2_tensors(const std::string& prefix = "", uint64_t seed = 1) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  TensorMap tensors;
  const auto add = [&](const std::string& name, at::IntArrayRef shape, double mean = 0) {
    tensors[prefix + name] = at::normal(mean, 0.3, shape, generator);
  };
  add("wte.weight", {11, 6});
  add("wpe.weight", {5, 6});
  for (int layer = 0; layer < 2; ++layer) {
    const std::string block = fmt::format("h.{}.", layer);
    add(block + "ln_1.weight", {6}, 1);
    add(block + "ln_1.bias", {6});
    add(block + "attn.c_attn.weight", {6, 18});
    add(block + "attn.c_attn.bias", {18});
    add(block + "attn.c_proj.weight", {6, 6});
    add(block + "attn.c_proj.bias", {6});
    add(block + "ln_2.weight", {6}, 1);
    add(block + "ln_2.bias", {6});
    add(block + "mlp.c_fc.weight", {6, 24});
    add(block + "mlp.c_fc.bias", {24});
    add(block + "mlp.c_proj.weight", {24, 6});
    add(block + "mlp.c_proj.bias", {6});
    tensors[prefix + block + "attn.bias"] = at::ones({1, 1, 5, 5}, at::kByte).tril();
    tensors[prefix + block + "attn.masked_bias"] = at::scalar_tensor(-1e4);
  }
  add("ln_f.weight", {6}, 1);
  add("ln_f.bias", {6});
  return tensors;
}

inline void write_gpt2(const std::filesystem::path& folder, const TensorMap& tensors,
                       const nlohmann::json& config = tiny_gpt2_config()) {
  std::filesystem::create_directories(folder);
  write_file(folder / "config.json", config.dump(2));
  write_safetensors(folder / "model.safetensors",
                    {.tensors = tensors, .metadata = {{"format", "pt"}}});
}

}  // namespace assay::interp
