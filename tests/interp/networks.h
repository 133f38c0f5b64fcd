#pragma once
// Networks of random weights, and inputs for them.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <torch/types.h>

#include <memory>
#include <vector>

#include "interp/files/safetensors.h"
#include "interp/network/transformer.h"

namespace assay::interp {

/// Architectures that reach every path of the plan: single and several heads, norms, all
/// activations, each kind of bias; one, two and three blocks; attention to all positions.
inline std::vector<TransformerConfig> assorted_configs() {
  return {
      {.d_vocab = 5, .n_ctx = 6, .d_model = 12, .d_mlp = 9, .n_heads = {1, 2}, .d_head = {5, 4}},
      {.d_vocab = 4,
       .n_ctx = 5,
       .d_model = 8,
       .d_mlp = 6,
       .n_heads = {1, 3},
       .d_head = {4, 2},
       .activation = Activation::Gelu,
       .norm = Norm::Pre,
       .attention_biases = true,
       .unembed_bias = true},
      {.d_vocab = 7,
       .n_ctx = 5,
       .d_model = 10,
       .d_mlp = 7,
       .n_heads = {2, 1, 2},
       .d_head = {3, 5, 4},
       .attention_biases = true,
       .mlp_biases = false,
       .unembed_bias = true},
      {.d_vocab = 3,
       .n_ctx = 6,
       .d_model = 6,
       .d_mlp = 5,
       .n_heads = {1},
       .d_head = {6},
       .norm = Norm::Pre},
      {.d_vocab = 4,
       .n_ctx = 6,
       .d_model = 9,
       .d_mlp = 8,
       .n_heads = {1, 1, 1},
       .d_head = {4, 5, 6},
       .activation = Activation::GeluExact,
       .attention_biases = true},
      {.d_vocab = 5,
       .n_ctx = 6,
       .d_model = 12,
       .d_mlp = 9,
       .n_heads = {1, 2},
       .d_head = {5, 4},
       .causal = false},
      {.d_vocab = 4,
       .n_ctx = 5,
       .d_model = 8,
       .d_mlp = 6,
       .n_heads = {3, 1, 2},
       .d_head = {4, 2, 3},
       .norm = Norm::Pre,
       .attention_biases = true,
       .causal = false},
  };
}

inline TensorMap weights_of(const Transformer& model) {
  TensorMap weights;
  for (const auto& parameter : model.named_parameters())
    weights[parameter.key()] = parameter.value().detach();
  return weights;
}

/// Every parameter normal with deviation `scale`, biases and norms included (gains around 1).
inline void randomise(Transformer& model, uint64_t seed, double scale = 0.5) {
  const at::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const auto& parameter : model.named_parameters()) {
    const at::Tensor drawn = at::normal(0.0, scale, parameter.value().sizes(), generator);
    at::Tensor value = parameter.value();
    value.copy_(parameter.key().ends_with(".w") ? 1 + drawn : drawn);
  }
}

/// A double-precision model: differences are then mistakes, not rounding.
inline std::shared_ptr<Transformer> random_model(const TransformerConfig& config,
                                                 uint64_t seed = 1) {
  auto model = std::make_shared<Transformer>(config);
  randomise(*model, seed);
  model->to(at::kDouble);
  return model;
}

inline at::Tensor random_tokens(const TransformerConfig& config, int64_t batch, int64_t n_pos,
                                uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randint(config.d_vocab, {batch, n_pos}, generator, at::kLong);
}

}  // namespace assay::interp
