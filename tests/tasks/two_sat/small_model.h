#pragma once
// A small random network for small formulas: nothing that it computes means anything, but what is
// computed about it can be computed again by hand.

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <memory>

#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {

inline constexpr int64_t kVariables = 3, kClauses = 4;

inline std::unique_ptr<Task> small_task() {
  return make_task("two-sat", {{"variables", kVariables}, {"clauses", kClauses}});
}

inline interp::TransformerConfig small_config() {
  return {.d_vocab = Tokens{kVariables}.d_vocab(),
          .n_ctx = n_ctx(kClauses),
          .d_model = 16,
          .d_mlp = 32,
          .n_heads = {1, 2},
          .d_head = {16, 8}};
}

/// Larger embeddings than usual, so that answers, attention and neurons differ between formulas.
inline std::unique_ptr<interp::Transformer> small_model(
    uint64_t seed = 1, const interp::TransformerConfig& config = small_config()) {
  auto model = std::make_unique<interp::Transformer>(config);
  interp::initialise(*model, {.embedding_scale = 3, .writer_scale = 1, .seed = seed});
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const at::NoGradGuard no_grad;
  for (const auto& parameter : model->named_parameters())
    if (parameter.key().ends_with("mlp.b_in") || parameter.key().ends_with("mlp.b_out"))
      parameter.value().copy_(at::normal(0.0, 0.3, parameter.value().sizes(), generator));
  return model;
}

inline at::Tensor record(const interp::Transformer& model, const at::Tensor& tokens,
                         const interp::Site& site) {
  const at::NoGradGuard no_grad;
  return model.trace(tokens, {.record = {site}, .overwrite = {}})[0];
}

}  // namespace assay::tasks::two_sat
