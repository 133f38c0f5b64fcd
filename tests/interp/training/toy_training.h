#pragma once
// A toy task and a network to be trained on it.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <memory>
#include <random>

#include "interp/network/transformer.h"
#include "interp/training/training.h"

namespace assay::interp {

inline TransformerConfig toy_sizes() {
  return {
      .d_vocab = 5, .n_ctx = 3, .d_model = 16, .d_mlp = 24, .n_heads = {1, 2}, .d_head = {8, 4}};
}

inline std::shared_ptr<Transformer> fresh_model(uint64_t seed = 1,
                                                const TransformerConfig& config = toy_sizes()) {
  auto model = std::make_shared<Transformer>(config);
  initialise(*model, {.seed = seed});
  return model;
}

/// "Are the two tokens (0 … 3) the same?", asked by token 4 and answered by token 1 or 0. Half are.
inline LabelledInputs same_or_not(uint64_t seed) {
  return [seed](int64_t first, int64_t count) {
    LabelledBatch batch{at::full({count, 3}, 4, at::kLong), at::empty({count}, at::kLong)};
    for (int64_t i = 0; i < count; ++i) {
      std::mt19937_64 random(seed * 1'000'003 + static_cast<uint64_t>(first + i));
      const auto left = static_cast<int64_t>(random() % 4);
      const auto right = random() % 2 ? left : static_cast<int64_t>(random() % 4);
      batch.tokens[i][0] = left;
      batch.tokens[i][1] = right;
      batch.labels[i] = static_cast<int64_t>(left == right);
    }
    return batch;
  };
}

/// The toy task with its label standing at its position.
inline LabelledInputs labelled_by_position(uint64_t seed) {
  return [seed](int64_t first, int64_t count) {
    LabelledBatch batch = same_or_not(seed)(first, count);
    const at::Tensor labels = at::full_like(batch.tokens, kUnlabelled);
    labels.select(1, 2).copy_(batch.labels);
    return LabelledBatch{batch.tokens, labels};
  };
}

/// Two phases, the second of which prunes and penalises; two parts per batch.
inline TrainingConfig two_phases() {
  return {.phases = {{.steps = 9, .learning_rate = 3e-3},
                     {.steps = 8, .learning_rate = 2e-3, .l1 = 1e-3, .keep_neurons = 10}},
          .batch = 96,
          .warmup = 3,
          .readout = 2,
          .evaluate_every = 5,
          .checkpoint_every = 4,
          .held_out = 100};
}

inline TrainingOutcome run(Transformer& model, const TrainingConfig& config,
                           const TrainingIo& io = {}) {
  return train(model, config, same_or_not(1), same_or_not(2), io);
}

inline testing::AssertionResult same_bits(const Transformer& left, const Transformer& right) {
  const auto weights = right.named_parameters();
  for (const auto& parameter : left.named_parameters())
    if (!parameter.value().equal(weights[parameter.key()]))
      return testing::AssertionFailure() << parameter.key() << " differs";
  return testing::AssertionSuccess();
}

/// The weights after all steps in one go.
inline const Transformer& uninterrupted() {
  static const auto model = [] {
    auto trained = fresh_model();
    run(*trained, two_phases());
    return trained;
  }();
  return *model;
}

}  // namespace assay::interp
