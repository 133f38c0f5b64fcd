// GPT-NeoX and Pythia.

#include <fmt/format.h>

#include "interp/adapters/families/family.h"
#include "interp/adapters/families/modules.h"

namespace assay::interp {
namespace {

/// `query_key_value` packs, head by head, the head's query, key and value.
void unpack_by_head(Modules& modules, int64_t layer, const std::string& module) {
  Conversion& conversion = modules.conversion();
  int64_t part = 0;
  for (const char side : {'Q', 'K', 'V'}) {
    const std::string W_name = block_of(layer) + "attn.W_" + side,
                      b_name = block_of(layer) + "attn.b_" + side;
    const Sizes& shape = conversion.shape(W_name);  // [head, d_model, d_head]
    const int64_t heads = shape[0], d_model = shape[1], d_head = shape[2];
    const at::Tensor W =
        conversion.take(modules.full(module) + ".weight", {3 * heads * d_head, d_model});
    conversion.set(W_name, W.reshape({heads, 3, d_head, d_model}).select(1, part).transpose(1, 2));
    if (conversion.wants(b_name)) {
      const at::Tensor b = conversion.take(modules.full(module) + ".bias", {3 * heads * d_head});
      conversion.set(b_name, b.reshape({heads, 3, d_head}).select(1, part));
    }
    ++part;
  }
}

TransformerConfig gpt_neox_config(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = read_sizes(config,
                                         {"vocab_size", "max_position_embeddings", "hidden_size",
                                          "num_hidden_layers", "num_attention_heads"},
                                         tensors);
  network.d_mlp = config.size("intermediate_size");
  network.activation = config.activation("hidden_act", "gelu");
  network.norm = Norm::Pre;
  network.norm_eps = config.number("layer_norm_eps", 1e-5);
  network.attention_biases = config.flag("attention_bias", true);
  const bool parallel = config.flag("use_parallel_residual", true);
  network.blocks = parallel ? BlockForm::Parallel : BlockForm::Sequential;
  read_rotary(config, network, 0.25);
  config.architecture({"GPTNeoXForCausalLM"});
  config.ignore({"is_decoder"});  // it is one, whatever this says
  return network;
}

}  // namespace

Weights read_gpt_neox(ConfigFields& config, const TensorMap& tensors) {
  const TransformerConfig network = gpt_neox_config(config, tensors);
  const bool tied = config.flag("tie_word_embeddings", false);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"gpt_neox.", ""}, "embed_in.weight");
  modules.embedding("embed.W_E", "embed_in");
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) {
    const std::string ours = block_of(layer), theirs = fmt::format("layers.{}.", layer);
    unpack_by_head(modules, layer, theirs + "attention.query_key_value");
    modules.output_of_heads(layer, theirs + "attention.dense");
    modules.linear(ours + "mlp.W_in", ours + "mlp.b_in", theirs + "mlp.dense_h_to_4h");
    modules.linear(ours + "mlp.W_out", ours + "mlp.b_out", theirs + "mlp.dense_4h_to_h");
    modules.norm(ours + "ln1", theirs + "input_layernorm");
    modules.norm(ours + "ln2", theirs + "post_attention_layernorm");
  }
  modules.norm("ln_final", "final_layer_norm");
  modules.unembedding("embed_out", tied);
  return conversion.finish(
      {{".attention.bias"}, {".attention.masked_bias", ".attention.rotary_emb.inv_freq"}});
}

}  // namespace assay::interp
