#include "axioms/proofs/weights.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>

#include "axioms/proofs/statement.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using interp::TransformerConfig;

// A network is treated if it differs from the plain one in nothing but sizes and biases. Settings
// that this file does not know count as differences, so that none is ever overlooked.
void require_plain(const TransformerConfig& config) {
  const auto refuse = [](const std::string& what) {
    throw Untreated(fmt::format("networks with {} are not treated", what));
  };
  if (config.norm != interp::Norm::None) refuse("layer norms");
  if (config.activation != interp::Activation::Relu) refuse("another activation than ReLU");
  if (!config.causal) refuse("attention to later positions");
  if (config.pool != interp::Pooling::None && config.pool != interp::Pooling::Sum)
    refuse("another pooling than a sum over positions");
  if (config.head_dense && config.head_dense != interp::Activation::Relu)
    refuse("another activation than ReLU in their head");
  TransformerConfig plain;
  plain.d_vocab = config.d_vocab;
  plain.n_ctx = config.n_ctx;
  plain.d_model = config.d_model;
  plain.d_mlp = config.d_mlp;
  plain.n_heads = config.n_heads;
  plain.d_head = config.d_head;
  plain.norm_eps = config.norm_eps;
  plain.attention_biases = config.attention_biases;
  plain.mlp_biases = config.mlp_biases;
  plain.unembed_bias = config.unembed_bias;
  plain.pool = config.pool;
  plain.head_dense = config.head_dense;
  plain.d_output = config.d_output;
  if (plain == config) return;
  const nlohmann::json expected = to_json(plain), found = to_json(config);
  for (const auto& [name, value] : found.items())
    if (!expected.contains(name) || expected[name] != value)
      refuse(fmt::format("the setting '{}' at {}", name, value.dump()));
  refuse("a setting beyond those of a plain transformer");
}

}  // namespace

Weights weights_of(const interp::Transformer& network) {
  const TransformerConfig& config = network.config();
  require_plain(config);
  const auto read = [&](const std::string& name, const std::vector<int64_t>& shape) {
    const Tensor weight = network.weight(name);
    if (!weight.defined()) return at::zeros(shape, torch::kFloat64);
    return weight.detach().to(torch::kCPU).to(torch::kFloat64).contiguous();
  };
  const int64_t d_model = config.d_model, d_mlp = config.d_mlp;
  Weights all;
  all.W_E = read("embed.W_E", {config.d_vocab, d_model});
  all.W_pos = read("pos_embed.W_pos", {config.n_ctx, d_model});
  for (int64_t layer = 0; layer < config.n_layers(); ++layer) {
    const std::string block = fmt::format("blocks.{}.", layer);
    const int64_t heads = config.n_heads[layer], d_head = config.d_head[layer];
    BlockWeights b;
    b.W_Q = read(block + "attn.W_Q", {heads, d_model, d_head});
    b.W_K = read(block + "attn.W_K", {heads, d_model, d_head});
    b.W_V = read(block + "attn.W_V", {heads, d_model, d_head});
    b.b_Q = read(block + "attn.b_Q", {heads, d_head});
    b.b_K = read(block + "attn.b_K", {heads, d_head});
    b.b_V = read(block + "attn.b_V", {heads, d_head});
    b.W_O = read(block + "attn.W_O", {heads, d_head, d_model});
    b.b_O = read(block + "attn.b_O", {d_model});
    b.W_in = read(block + "mlp.W_in", {d_model, d_mlp});
    b.b_in = read(block + "mlp.b_in", {d_mlp});
    b.W_out = read(block + "mlp.W_out", {d_mlp, d_model});
    b.b_out = read(block + "mlp.b_out", {d_model});
    b.scale = 1 / std::sqrt(static_cast<double>(d_head));
    all.blocks.push_back(std::move(b));
  }
  all.summed = config.pool == interp::Pooling::Sum;
  if (config.head_dense) {
    all.W_head = read("head.W", {d_model, d_model});
    all.b_head = read("head.b", {d_model});
  }
  all.W_U = read("unembed.W_U", {d_model, config.outputs()});
  all.b_U = read("unembed.b_U", {config.outputs()});
  return all;
}

}  // namespace assay::proofs
