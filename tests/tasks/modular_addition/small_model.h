#pragma once
// A small random network for a small prime: nothing that it computes means anything, but what is
// computed about it can be computed again by hand.

#include <torch/types.h>

#include <memory>

#include "interp/network/transformer.h"
#include "tasks/modular_addition/pairs.h"
#include "tasks/registry.h"

namespace assay::tasks::modular_addition {

inline constexpr int64_t kSmallP = 7;

inline std::unique_ptr<Task> small_task(double train_fraction = 0.3) {
  return make_task("modular-addition", {{"p", kSmallP}, {"train_fraction", train_fraction}});
}

inline interp::TransformerConfig small_config() {
  return {.d_vocab = kSmallP + 1,
          .n_ctx = kContext,
          .d_model = 12,
          .d_mlp = 20,
          .n_heads = {2},
          .d_head = {6}};
}

/// Larger embeddings than usual, so that answers differ between pairs.
inline std::unique_ptr<interp::Transformer> small_model(
    uint64_t seed = 1, const interp::TransformerConfig& config = small_config()) {
  auto model = std::make_unique<interp::Transformer>(config);
  interp::initialise(*model, {.embedding_scale = 3, .writer_scale = 1, .seed = seed});
  return model;
}

/// A value at the `=` for every input: [input, …].
inline at::Tensor record(const interp::Transformer& model, const at::Tensor& tokens,
                         std::string place) {
  const at::NoGradGuard no_grad;
  const interp::Site site{.place = std::move(place), .positions = {kReadout}};
  return model.trace(tokens, {.record = {site}, .overwrite = {}})[0].select(1, 0);
}

}  // namespace assay::tasks::modular_addition
