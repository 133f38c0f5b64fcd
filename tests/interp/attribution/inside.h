#pragma once
// Networks and inputs for methods that look inside.

#include <torch/types.h>

#include <memory>
#include <string>

#include "interp/attribution/method.h"
#include "interp/network/transformer.h"
#include "tests/interp/networks.h"

namespace assay::interp::attribution {

/// A network whose logits are linear in its embeddings: every position is attended to alike, and
/// the MLP writes a constant.
inline std::shared_ptr<Transformer> linear_network() {
  auto model = random_model(
      {.d_vocab = 5, .n_ctx = 6, .d_model = 4, .d_mlp = 3, .n_heads = {1}, .d_head = {4}}, 3);
  const at::NoGradGuard no_grad;
  model->weight("blocks.0.attn.W_Q").zero_();
  model->weight("blocks.0.mlp.W_out").zero_();
  return model;
}

/// Its gradient of logit `token` in the embedding at each of n positions: float64 [pos, d_model].
inline at::Tensor linear_gradients(const Transformer& model, int64_t token, int64_t n) {
  const at::NoGradGuard no_grad;
  const auto attn = [&](const std::string& name) { return model.weight("blocks.0.attn." + name); };
  const at::Tensor direct = model.W_U().select(1, token);
  const at::Tensor attended = at::mv(at::matmul(attn("W_V")[0], attn("W_O")[0]), direct) / n;
  at::Tensor gradients = attended.expand({n, -1}).clone();
  gradients[-1] += direct;
  return gradients;
}

/// Two tokens, one, and one as features; the token before the last is context.
inline Input grouped_input() {
  return {.tokens = {1, 3, 0, 2, 2},
          .features = {{.name = "pair", .positions = {0, 2}},
                       {.name = "single", .positions = {1}},
                       {.name = "last", .positions = {4}}}};
}

inline Problem inside_problem(const Transformer& model, const Input& input, const Target& target,
                              const Framing& framing = {}) {
  return {.input = input,
          .scorer = scorer_of(model, target, framing),
          .logits = logits_scorer_of(model, framing),
          .target = target,
          .framing = framing,
          .network = &model};
}

/// [pos] summed over the features of grouped_input(), whose first token stands at `first`.
inline at::Tensor sum_grouped(const at::Tensor& of_positions, int64_t first = 0) {
  const auto at_position = [&](int64_t i) { return of_positions[first + i]; };
  return at::stack({at_position(0) + at_position(2), at_position(1), at_position(4)});
}

}  // namespace assay::interp::attribution
