// GPT-2, and what EleutherAI built after it: GPT-Neo and GPT-J keep the names of its modules.

#include <fmt/format.h>

#include "interp/adapters/families/family.h"
#include "interp/adapters/families/modules.h"
#include "interp/files/json_shape.h"

namespace assay::interp {
namespace {

constexpr SizeFields kSizesOfGpt2 = {"vocab_size", "n_positions", "n_embd", "n_layer", "n_head"};
constexpr SizeFields kSizesOfGptNeo = {"vocab_size", "max_position_embeddings", "hidden_size",
                                       "num_layers", "num_heads"};

TransformerConfig gpt_config(ConfigFields& config, const SizeFields& sizes, const char* d_mlp,
                             const TensorMap& tensors) {
  TransformerConfig network = read_sizes(config, sizes, tensors);
  network.d_mlp = config.size(d_mlp, network.d_mlp);
  network.activation = config.activation("activation_function", "gelu_new");
  network.norm = Norm::Pre;
  network.norm_eps = config.number("layer_norm_epsilon", 1e-5);
  network.attention_biases = true;
  // of GPT-2's head that sums a text up in one vector, which language models do not have
  config.ignore({"summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels",
                 "summary_first_dropout"});
  config.ignore({"n_ctx"});  // n_positions once more, in files of old versions
  return network;
}

/// `c_attn` packs queries, keys and values along its last axis, heads within each.
void unpack(Modules& modules, int64_t layer, const std::string& module) {
  Conversion& conversion = modules.conversion();
  int64_t part = 0;
  for (const char side : {'Q', 'K', 'V'}) {
    const std::string attn = block_of(layer) + "attn.";
    const Sizes& shape = conversion.shape(attn + "W_" + side);  // [head, d_model, d_head]
    const int64_t heads = shape[0], d_model = shape[1], d_head = shape[2];
    const int64_t width = heads * d_head, first = width * part++;
    const at::Tensor W = conversion.take(modules.full(module) + ".weight", {d_model, 3 * width});
    const at::Tensor b = conversion.take(modules.full(module) + ".bias", {3 * width});
    conversion.set(attn + "W_" + side,
                   W.narrow(1, first, width).reshape({d_model, heads, d_head}).transpose(0, 1));
    conversion.set(attn + "b_" + side, b.narrow(0, first, width).reshape({heads, d_head}));
  }
}

void gpt2_block(Modules& modules, int64_t layer) {
  const std::string ours = block_of(layer), theirs = fmt::format("h.{}.", layer);
  unpack(modules, layer, theirs + "attn.c_attn");
  Conversion& conversion = modules.conversion();
  const std::string W_O = ours + "attn.W_O";
  const Sizes& shape = conversion.shape(W_O);  // [head, d_head, d_model]
  conversion.set(
      W_O,
      conversion.take(modules.full(theirs) + "attn.c_proj.weight", {shape[0] * shape[1], shape[2]})
          .reshape(shape));
  conversion.set(ours + "attn.b_O",
                 conversion.take(modules.full(theirs) + "attn.c_proj.bias", {shape[2]}));
  modules.conv1d(ours + "mlp.W_in", ours + "mlp.b_in", theirs + "mlp.c_fc");
  modules.conv1d(ours + "mlp.W_out", ours + "mlp.b_out", theirs + "mlp.c_proj");
  modules.norm(ours + "ln1", theirs + "ln_1");
  modules.norm(ours + "ln2", theirs + "ln_2");
}

/// Kinds of attention block by block, from pairs of a pattern and how often it is repeated.
std::vector<std::string> repeated_kinds(ConfigFields& config, int64_t n_layers) {
  using namespace json_shapes;  // NOLINT(google-build-using-namespace)
  static const Shape pattern = list(text(), 1), repeats = integer(0, 1 << 20);
  const nlohmann::json usual = {{{"global", "local"}, (n_layers + 1) / 2}};
  const nlohmann::json& said = config.value("attention_types");
  std::vector<std::string> kinds;
  for (const auto& pair : said.is_null() ? usual : said) {
    if (!pair.is_array() || pair.size() != 2 || mismatch(pair[0], pattern) ||
        mismatch(pair[1], repeats)) {
      config.refuse("attention_types", "expected a list of [[KIND, …], REPEATS]");
    }
    for (int64_t i = 0; i < pair[1] && std::ssize(kinds) < n_layers; ++i) {
      for (const auto& kind : pair[0]) kinds.push_back(kind);
    }
  }
  return kinds;
}

/// How far back each block looks. `attention_layers` says which do so over a window only, and
/// `attention_types` the same in another form.
std::vector<int64_t> gpt_neo_windows(ConfigFields& config, int64_t n_layers) {
  const int64_t window = config.size("window_size", 256);
  const std::vector<std::string> listed = config.words("attention_layers");
  const std::vector<std::string> repeated = repeated_kinds(config, n_layers);
  const std::vector<std::string>& kinds = listed.empty() ? repeated : listed;
  if (std::ssize(kinds) != n_layers) {
    config.refuse("attention_layers",
                  fmt::format("expected {} entries, found {}", n_layers, kinds.size()));
  }
  std::vector<int64_t> windows;
  for (const std::string& kind : kinds) {
    if (kind != "global" && kind != "local") {
      config.refuse("attention_layers", fmt::format("expected global or local, found {}", kind));
    }
    windows.push_back(kind == "local" ? window : 0);
  }
  return windows;
}

}  // namespace

Weights read_gpt2(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = gpt_config(config, kSizesOfGpt2, "n_inner", tensors);
  // The second is that of arXiv 2602.08857 for several right answers: another loss, the same
  // network.
  config.architecture({"GPT2LMHeadModel", "GPT2BCELMHeadModel"});
  if (!config.flag("scale_attn_weights", true)) network.scores = ScoreScale::Unscaled;
  config.require("scale_attn_by_inverse_layer_idx", false);
  config.require("add_cross_attention", false);
  config.ignore({"reorder_and_upcast_attn"});  // the same function, in another precision
  const bool tied = config.flag("tie_word_embeddings", true);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"transformer.", ""}, "wte.weight");
  modules.embedding("embed.W_E", "wte");
  modules.embedding("pos_embed.W_pos", "wpe");
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) gpt2_block(modules, layer);
  modules.norm("ln_final", "ln_f");
  modules.unembedding("lm_head", tied);
  return conversion.finish({{".attn.bias"}, {".attn.masked_bias"}});
}

Weights read_gpt_neo(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = gpt_config(config, kSizesOfGptNeo, "intermediate_size", tensors);
  config.architecture({"GPTNeoForCausalLM"});
  network.scores = ScoreScale::Unscaled;
  set_windows(network, gpt_neo_windows(config, network.n_layers()));
  const bool tied = config.flag("tie_word_embeddings", true);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"transformer.", ""}, "wte.weight");
  modules.embedding("embed.W_E", "wte");
  modules.embedding("pos_embed.W_pos", "wpe");
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) {
    const std::string ours = block_of(layer), theirs = fmt::format("h.{}.", layer);
    const std::string attention = theirs + "attn.attention.";
    int i = 0;
    for (const char* projection : {"q_proj", "k_proj", "v_proj"}) {
      const char side = "QKV"[i++];
      modules.heads_without_bias(layer, side, attention + projection);
      modules.no_bias(ours + "attn.b_" + side);
    }
    modules.output_of_heads(layer, attention + "out_proj");
    modules.linear(ours + "mlp.W_in", ours + "mlp.b_in", theirs + "mlp.c_fc");
    modules.linear(ours + "mlp.W_out", ours + "mlp.b_out", theirs + "mlp.c_proj");
    modules.norm(ours + "ln1", theirs + "ln_1");
    modules.norm(ours + "ln2", theirs + "ln_2");
  }
  modules.norm("ln_final", "ln_f");
  modules.unembedding("lm_head", tied);
  return conversion.finish({{".attn.attention.bias"}, {".attn.attention.masked_bias"}});
}

Weights read_gptj(ConfigFields& config, const TensorMap& tensors) {
  TransformerConfig network = gpt_config(config, kSizesOfGpt2, "n_inner", tensors);
  config.architecture({"GPTJForCausalLM"});
  network.attention_biases = false;
  network.unembed_bias = true;
  network.blocks = BlockForm::ParallelOneNorm;
  network.positions = PositionEncoding::Rotary;
  network.rotary_interleaved = true;
  // absent: 64, as transformers fills it in; null: all of a head
  network.rotary_dims = config.is_null("rotary_dim") ? 0 : config.size("rotary_dim", 64);
  config.require("rotary", true);
  config.require("scale_attn_weights", true);
  const bool tied = config.flag("tie_word_embeddings", false);
  config.refuse_the_rest();

  Conversion conversion(tensors, network);
  Modules modules(conversion, {"transformer.", ""}, "wte.weight");
  modules.embedding("embed.W_E", "wte");
  for (int64_t layer = 0; layer < network.n_layers(); ++layer) {
    const std::string ours = block_of(layer), theirs = fmt::format("h.{}.", layer);
    modules.heads(layer, 'Q', theirs + "attn.q_proj");
    modules.heads(layer, 'K', theirs + "attn.k_proj");
    modules.heads(layer, 'V', theirs + "attn.v_proj");
    modules.output_of_heads(layer, theirs + "attn.out_proj");
    modules.linear(ours + "mlp.W_in", ours + "mlp.b_in", theirs + "mlp.fc_in");
    modules.linear(ours + "mlp.W_out", ours + "mlp.b_out", theirs + "mlp.fc_out");
    modules.norm(ours + "ln1", theirs + "ln_1");
  }
  modules.norm("ln_final", "ln_f");
  modules.unembedding("lm_head", tied);
  conversion.set("unembed.b_U", conversion.take("lm_head.bias", {network.d_vocab}));
  return conversion.finish({{".attn.bias"}, {".attn.masked_bias"}});
}

}  // namespace assay::interp
