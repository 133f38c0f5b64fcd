#pragma once
// Networks of every building block: those that people hold, small, and any combination at random.

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "interp/network/config.h"

namespace assay::interp {

struct NamedConfig {
  std::string name;
  TransformerConfig config;
};

/// Small networks that are put together as the families that people hold, and what these leave out.
inline std::vector<NamedConfig> networks_of_blocks() {
  const TransformerConfig base{.d_vocab = 5,
                               .n_ctx = 6,
                               .d_model = 12,
                               .d_mlp = 7,
                               .n_heads = {4, 4},
                               .d_head = {4, 4},
                               .activation = Activation::GeluExact,
                               .norm = Norm::Pre,
                               .attention_biases = true};
  const auto made = [&](const std::string& name, const std::function<void(TransformerConfig&)>& f) {
    TransformerConfig config = base;
    f(config);
    return NamedConfig{name, config};
  };
  const auto llama = [](TransformerConfig& c) {
    c.activation = Activation::Silu;
    c.norm = Norm::Rms;
    c.attention_biases = c.mlp_biases = false;
    c.gated_mlp = true;
    c.positions = PositionEncoding::Rotary;
    c.n_kv_heads = {2, 2};
  };
  const auto bert = [](TransformerConfig& c) {
    c.norm = Norm::Post;
    c.causal = false;
    c.embedding_norm = true;
    c.unembed_bias = true;
  };
  return {
      made("llama", llama),
      made("mistral",
           [&](TransformerConfig& c) {
             llama(c);
             c.n_kv_heads = {1, 4};
             c.windows = {3, 3};
           }),
      made("bert_mlm",
           [&](TransformerConfig& c) {
             bert(c);
             c.head_dense = Activation::GeluExact;
             c.head_norm = true;
           }),
      made("bert_classifier",
           [&](TransformerConfig& c) {
             bert(c);
             c.pool = Pooling::First;
             c.head_dense = Activation::Tanh;
             c.d_output = 3;
           }),
      made("distilbert_classifier",
           [&](TransformerConfig& c) {
             bert(c);
             c.pool = Pooling::First;
             c.head_dense = Activation::Relu;
             c.d_output = 2;
           }),
      made("gptj",
           [](TransformerConfig& c) {
             c.activation = Activation::Gelu;
             c.attention_biases = false;
             c.unembed_bias = true;
             c.positions = PositionEncoding::Rotary;
             c.rotary_dims = 2;
             c.rotary_interleaved = true;
             c.blocks = BlockForm::ParallelOneNorm;
           }),
      made("gpt_neox",
           [](TransformerConfig& c) {
             c.positions = PositionEncoding::Rotary;
             c.rotary_dims = 2;
             c.rotary_base = 100;
             c.blocks = BlockForm::Parallel;
           }),
      made("gpt_neo",
           [](TransformerConfig& c) {
             c.scores = ScoreScale::Unscaled;
             c.windows = {0, 2};
           }),
      made("opt_350m",
           [](TransformerConfig& c) {
             c.activation = Activation::Relu;
             c.norm = Norm::Post;
             c.d_embed = 5;
           }),
      made("attention_only",
           [](TransformerConfig& c) {
             c.norm = Norm::None;
             c.d_mlp = 0;
             c.n_heads = {1, 3};
           }),
      made("alibi",
           [](TransformerConfig& c) {
             c.positions = PositionEncoding::Alibi;
             c.norm = Norm::None;
             c.n_heads = {1, 3};
           }),
      made("without_positions",
           [](TransformerConfig& c) {
             c.positions = PositionEncoding::None;
             c.norm = Norm::RmsUnweighted;
             c.n_heads = {1, 1};
           }),
      made("windows_and_one_head",
           [](TransformerConfig& c) {
             c.norm = Norm::PreUnweighted;
             c.embedding_norm = true;
             c.n_heads = {1, 2};
             c.windows = {2, 4};
           }),
      made("mean_of_positions",
           [](TransformerConfig& c) {
             c.causal = false;
             c.pool = Pooling::Mean;
             c.d_output = 2;
           }),
      made("sum_of_positions",
           [](TransformerConfig& c) {
             c.norm = Norm::None;
             c.pool = Pooling::Sum;
             c.head_dense = Activation::Gelu;
           }),
      made("parallel_without_norms",
           [](TransformerConfig& c) {
             c.norm = Norm::None;
             c.blocks = BlockForm::Parallel;
             c.n_kv_heads = {2, 1};
             c.gated_mlp = true;
             c.activation = Activation::Relu;
           }),
  };
}

/// Any combination of the switches that goes together.
inline TransformerConfig random_config(std::mt19937_64& random) {
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  const auto maybe = [&] { return random() % 2 == 0; };
  TransformerConfig c{.d_vocab = 3 + below(4),
                      .n_ctx = 4 + below(4),
                      .d_model = 4 + below(12),
                      .d_mlp = random() % 6 == 0 ? 0 : 5 + below(4),
                      .n_heads = {},
                      .d_head = {},
                      .activation = static_cast<Activation>(below(4)),
                      .norm = static_cast<Norm>(below(6)),
                      .attention_biases = maybe(),
                      .mlp_biases = maybe(),
                      .unembed_bias = maybe(),
                      .causal = random() % 4 != 0};
  for (int64_t block = 1 + below(3); block > 0; --block) {
    c.n_heads.push_back(maybe() ? 1 : 2 * (1 + below(2)));
    c.d_head.push_back(2 * (1 + below(3)));
  }
  if (c.norm == Norm::Post && c.d_mlp == 0) c.norm = Norm::Pre;
  c.gated_mlp = c.d_mlp != 0 && maybe();
  c.embedding_norm = maybe();
  c.positions = static_cast<PositionEncoding>(below(c.causal ? 4 : 3));
  if (c.positions == PositionEncoding::Rotary) {
    c.rotary_dims = maybe() ? 2 : 0;
    c.rotary_base = 10 + static_cast<double>(below(1000));
    c.rotary_interleaved = maybe();
  }
  if (maybe())
    for (const int64_t heads : c.n_heads)
      c.n_kv_heads.push_back(heads > 1 && maybe() ? heads / 2 : heads);
  c.scores = static_cast<ScoreScale>(below(2));
  if (c.causal && maybe())
    for (int64_t block = 0; block < c.n_layers(); ++block) c.windows.push_back(below(4));
  if (c.d_mlp != 0 && c.norm != Norm::Post) c.blocks = static_cast<BlockForm>(below(3));
  if (c.norm == Norm::None && c.blocks == BlockForm::ParallelOneNorm)
    c.blocks = BlockForm::Parallel;
  c.d_output = maybe() ? 0 : 2;
  c.d_embed = random() % 4 == 0 ? 3 : 0;
  c.pool = random() % 3 == 0 ? static_cast<Pooling>(1 + below(3)) : Pooling::None;
  constexpr Activation kHeads[] = {Activation::Tanh, Activation::Relu, Activation::GeluExact,
                                   Activation::Gelu};
  if (random() % 3 == 0) c.head_dense = kHeads[below(4)];
  c.head_norm = random() % 4 == 0;
  return c;
}

}  // namespace assay::interp
