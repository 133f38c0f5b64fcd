#pragma once
// A network of random weights with everything that a model can have (layer norms, all biases,
// another number of heads per block) and random pairs of inputs: what measures must hold for.

#include <torch/types.h>

#include <random>

#include "circuits/patching.h"
#include "interp/transformer.h"

namespace assay::circuits {

class RandomNetwork {
 public:
  explicit RandomNetwork(int64_t inputs = 40, int64_t graph_positions = 0)
      : model(config()), graph(config(), graph_positions) {
    const at::NoGradGuard no_grad;
    std::mt19937_64 engine(5);
    std::normal_distribution<float> normal(0, 0.4);
    for (const at::Tensor& weights : model.parameters())
      for (int64_t i = 0; i < weights.numel(); ++i) weights.data_ptr<float>()[i] += normal(engine);
    const auto tokens = [&] {
      at::Tensor tokens = at::empty({inputs, kLength}, torch::kInt64);
      for (int64_t i = 0; i < tokens.numel(); ++i)
        tokens.data_ptr<int64_t>()[i] = static_cast<int64_t>(engine() % 7);
      return tokens;
    };
    data = {.clean = tokens(),
            .corrupt = tokens(),
            .right = at::zeros({inputs, 7}, torch::kBool),
            .wrong = at::zeros({inputs, 7}, torch::kBool)};
    for (int64_t i = 0; i < inputs; ++i) {
      data.right[i][i % 3] = true;
      data.wrong[i][(i + 1) % 3] = true;
      data.wrong[i][(i + 2) % 3] = true;
    }
  }

  Experiment experiment(Ablation ablation = Ablation::Pair,
                        Metric metric = Metric::LogitDifference) const {
    return {.model = model,
            .graph = graph,
            .data = data,
            .readout = kLength - 1,
            .metric = metric,
            .ablation = ablation,
            .seed = 3};
  }

  at::Tensor all() const { return at::ones({graph.rows(), graph.columns()}, torch::kBool); }
  at::Tensor none() const { return ~all(); }

  static constexpr int64_t kLength = 4;
  interp::Transformer model;
  ComponentGraph graph;
  Counterfactuals data;

 private:
  static interp::TransformerConfig config() {
    return {.d_vocab = 7,
            .n_ctx = 6,
            .d_model = 8,
            .d_mlp = 10,
            .n_heads = {1, 3},
            .d_head = {6, 4},
            .activation = interp::Activation::Gelu,
            .norm = interp::Norm::Pre,
            .attention_biases = true,
            .unembed_bias = true};
  }
};

}  // namespace assay::circuits
