// OPT. OPT-350m is the odd one: norms stand behind attention and MLP, and the vectors of tokens are
// narrower than the residual stream, with a projection at either end.

#include <fmt/format.h>

#include "interp/adapters/families/family.h"
#include "interp/adapters/families/modules.h"

namespace assay::interp {
namespace {

/// Position p has row p + 2 of the table.
constexpr int64_t kRowsBeforeTheFirst = 2;

TransformerConfig opt_config(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = read_sizes(config,
                                         {"vocab_size", "max_position_embeddings", "hidden_size",
                                          "num_hidden_layers", "num_attention_heads"},
                                         tensors);
  network.d_mlp = config.size("ffn_dim");
  network.activation = config.activation("activation_function", "relu");
  const bool in_front = config.flag("do_layer_norm_before", true);
  network.norm = in_front ? Norm::Pre : Norm::Post;
  if (!config.flag("layer_norm_elementwise_affine", true)) {
    if (!in_front)
      config.refuse("layer_norm_elementwise_affine",
                    "false cannot be run with "
                    "do_layer_norm_before false");
    network.norm = Norm::PreUnweighted;
  }
  if (in_front) config.require("_remove_final_layer_norm", false);
  config.ignore(
      {"_remove_final_layer_norm"});  // there is none to remove behind norms that are last
  network.attention_biases = network.mlp_biases = config.flag("enable_bias", true);
  const int64_t d_embed = config.size("word_embed_proj_dim", network.d_model);
  if (d_embed != network.d_model) network.d_embed = d_embed;
  config.architecture({"OPTForCausalLM"});
  return network;
}

}  // namespace

Weights read_opt(ConfigFields& config, const TensorMap& tensors) {
  const TransformerConfig network = opt_config(config, tensors);
  const bool tied = config.flag("tie_word_embeddings", true);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"model.decoder.", "decoder."}, "embed_tokens.weight");
  modules.embedding("embed.W_E", "embed_tokens");
  conversion.set("pos_embed.W_pos",
                 conversion
                     .take(modules.full("embed_positions.weight"),
                           {network.n_ctx + kRowsBeforeTheFirst, network.d_model})
                     .narrow(0, kRowsBeforeTheFirst, network.n_ctx));
  if (network.d_embed > 0) {
    modules.linear("embed.W_project", "", "project_in");
    modules.linear("unembed.W_project", "", "project_out");
  }
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) {
    const std::string ours = block_of(layer), theirs = fmt::format("layers.{}.", layer);
    modules.heads(layer, 'Q', theirs + "self_attn.q_proj");
    modules.heads(layer, 'K', theirs + "self_attn.k_proj");
    modules.heads(layer, 'V', theirs + "self_attn.v_proj");
    modules.output_of_heads(layer, theirs + "self_attn.out_proj");
    modules.linear(ours + "mlp.W_in", ours + "mlp.b_in", theirs + "fc1");
    modules.linear(ours + "mlp.W_out", ours + "mlp.b_out", theirs + "fc2");
    modules.norm(ours + "ln1", theirs + "self_attn_layer_norm");
    modules.norm(ours + "ln2", theirs + "final_layer_norm");
  }
  modules.norm("ln_final", "final_layer_norm");
  modules.unembedding("lm_head", tied);
  return conversion.finish({});
}

}  // namespace assay::interp
