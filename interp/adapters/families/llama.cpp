// Llama, and the families that differ from it by biases or a window: Mistral and Qwen 2.

#include <fmt/format.h>

#include "interp/adapters/families/family.h"
#include "interp/adapters/families/modules.h"

namespace assay::interp {
namespace {

TransformerConfig llama_config(ConfigFields& config, const TensorMap& tensors,
                               const char* architecture) {
  TransformerConfig network = read_sizes(config,
                                         {"vocab_size", "max_position_embeddings", "hidden_size",
                                          "num_hidden_layers", "num_attention_heads"},
                                         tensors, "head_dim");
  network.d_mlp = config.size("intermediate_size");
  network.activation = config.activation("hidden_act", "silu");
  network.gated_mlp = true;
  network.mlp_biases = false;
  network.norm = Norm::Rms;
  network.norm_eps = config.number("rms_norm_eps", 1e-6);
  const int64_t heads = network.n_heads.front();
  const int64_t shared = config.size("num_key_value_heads", heads);
  if (heads % shared != 0) {
    config.refuse("num_key_value_heads",
                  fmt::format("expected a divisor of {}, found {}", heads, shared));
  }
  if (shared != heads) network.n_kv_heads.assign(network.n_heads.size(), shared);
  read_rotary(config, network);
  if (network.rotary_dims != 0) {
    config.refuse("partial_rotary_factor", "expected 1: these families rotate all of a head");
  }
  config.require("rope_interleaved", false);
  config.ignore({"max_sequence_length"});  // of old files, never read
  config.architecture({architecture});
  return network;
}

/// @param output_bias  whether attention has one where it has others.
Weights llama_weights(ConfigFields& config, const TensorMap& tensors,
                      const TransformerConfig& network, bool output_bias) {
  const bool tied = config.flag("tie_word_embeddings", false);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"model.", ""}, "embed_tokens.weight");
  modules.embedding("embed.W_E", "embed_tokens");
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) {
    const std::string ours = block_of(layer), theirs = fmt::format("layers.{}.", layer);
    modules.heads(layer, 'Q', theirs + "self_attn.q_proj");
    modules.heads(layer, 'K', theirs + "self_attn.k_proj");
    modules.heads(layer, 'V', theirs + "self_attn.v_proj");
    if (network.attention_biases && !output_bias) modules.no_bias(ours + "attn.b_O");
    modules.output_of_heads(layer, theirs + "self_attn.o_proj");
    modules.linear(ours + "mlp.W_gate", "", theirs + "mlp.gate_proj");
    modules.linear(ours + "mlp.W_in", "", theirs + "mlp.up_proj");
    modules.linear(ours + "mlp.W_out", "", theirs + "mlp.down_proj");
    modules.norm(ours + "ln1", theirs + "input_layernorm");
    modules.norm(ours + "ln2", theirs + "post_attention_layernorm");
  }
  modules.norm("ln_final", "norm");
  modules.unembedding("lm_head", tied);
  return conversion.finish({{}, {".rotary_emb.inv_freq"}});
}

}  // namespace

Weights read_llama(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = llama_config(config, tensors, "LlamaForCausalLM");
  network.attention_biases = config.flag("attention_bias", false);
  config.require("mlp_bias", false);
  return llama_weights(config, tensors, network, true);
}

Weights read_mistral(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = llama_config(config, tensors, "MistralForCausalLM");
  // absent: 4096, as transformers fills it in; null: no window
  const int64_t window = config.is_null("sliding_window") ? 0 : config.size("sliding_window", 4096);
  set_windows(network, std::vector<int64_t>(network.n_heads.size(), window));
  return llama_weights(config, tensors, network, false);
}

Weights read_qwen2(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = llama_config(config, tensors, "Qwen2ForCausalLM");
  config.require("use_mrope", false);
  network.attention_biases = true;
  const int64_t window = config.is_null("sliding_window") ? 0 : config.size("sliding_window", 4096);
  const int64_t first = config.count("max_window_layers", 28);
  const std::vector<std::string> kinds = config.words("layer_types");
  if (!kinds.empty() && std::ssize(kinds) != network.n_layers()) {
    config.refuse("layer_types",
                  fmt::format("expected {} entries, found {}", network.n_layers(), kinds.size()));
  }
  std::vector<int64_t> windows;
  const bool windowed = config.flag("use_sliding_window", false);
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) {
    const std::string kind =
        kinds.empty() ? (windowed && layer >= first ? "sliding_attention" : "full_attention")
                      : kinds[layer];
    if (kind != "full_attention" && !(kind == "sliding_attention" && windowed)) {
      config.refuse("layer_types", fmt::format("{} cannot be run", kind));
    }
    windows.push_back(kind == "sliding_attention" ? window : 0);
  }
  set_windows(network, windows);
  return llama_weights(config, tensors, network, false);
}

}  // namespace assay::interp
