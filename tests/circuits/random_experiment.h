#pragma once
// A small random network with random pairs of inputs, for properties that hold of any network.

#include <torch/types.h>

#include "circuits/components/patching.h"
#include "interp/network/transformer.h"

namespace assay::circuits {

struct RandomExperiment {
  /// @param everything  layer norms, GELU and all biases; @param positions  of the graph, 0 or
  /// n_pos.
  explicit RandomExperiment(bool everything, bool by_position = false, int64_t n = 6,
                            const std::vector<int64_t>& n_heads = {2, 3})
      : RandomExperiment(config(everything, n_heads), by_position, n) {}

  /// @param config  of 7 tokens and outputs, and more positions than kPositions.
  RandomExperiment(const interp::TransformerConfig& config, bool by_position, int64_t n)
      : model(config), graph(model.places(), by_position ? kPositions : 0) {
    const at::NoGradGuard no_grad;
    auto generator = at::make_generator<at::CPUGeneratorImpl>(17);
    for (at::Tensor& weights : model.parameters()) weights.normal_(0, 0.3, generator);
    data.clean = at::randint(0, 7, {n, kPositions}, generator, torch::kInt64);
    data.corrupt = at::randint(0, 7, {n, kPositions}, generator, torch::kInt64);
    // Answers are 3, 4 and 5, each right for a third of the inputs.
    data.right = at::zeros({n, 7}, torch::kBool);
    data.wrong = at::zeros({n, 7}, torch::kBool);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t answer = 0; answer < 3; ++answer)
        (answer == i % 3 ? data.right : data.wrong)[i][3 + answer] = true;
  }

  static interp::TransformerConfig config(bool everything,
                                          const std::vector<int64_t>& n_heads = {2, 3}) {
    interp::TransformerConfig config{.d_vocab = 7,
                                     .n_ctx = kPositions + 1,
                                     .d_model = 12,
                                     .d_mlp = 20,
                                     .n_heads = n_heads,
                                     .d_head = {4, 3}};
    if (everything) {
      config.norm = interp::Norm::Pre;
      config.activation = interp::Activation::Gelu;
      config.attention_biases = config.unembed_bias = true;
    }
    return config;
  }

  Experiment experiment(const std::string& ablation = "pair",
                        const std::string& metric = "logit-difference") const {
    return {.model = model,
            .graph = graph,
            .data = data,
            .readout = kPositions - 1,
            .metric = metric,
            .ablation = ablation,
            .seed = 3};
  }

  PatchBatch batch(const Experiment& experiment) const {
    return make_batch(experiment, experiment.ablator(), 0, data.size());
  }

  at::Tensor full() const { return at::ones({graph.rows(), graph.columns()}); }
  at::Tensor all() const { return full().to(torch::kBool); }
  at::Tensor none() const { return ~all(); }

  static constexpr int64_t kPositions = 5;
  interp::Transformer model;
  ComponentGraph graph;
  Counterfactuals data;
};

}  // namespace assay::circuits
