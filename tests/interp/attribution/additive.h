#pragma once
// A model in which every replaced feature costs its weight, whatever else is replaced.

#include <torch/types.h>

#include <string>

#include "interp/attribution/method.h"
#include "interp/attribution/same_type_replacer.h"

namespace assay::interp::attribution {

inline constexpr int64_t kTokens = 5;  // of the vocabulary; the input is 0 0 0 …

/// 1/2 plus the weights of the features that are not replaced.
inline Scorer additive_scorer(const at::Tensor& weights) {
  return Scorer([weights](const at::Tensor& tokens) {
    return 0.5 + at::matmul(tokens.eq(0).to(torch::kFloat64), weights);
  });
}

/// @param replacer  must outlive the problem.
inline Problem black_box(const Scorer& scorer, int64_t n_features, const Replacer& replacer,
                         TargetKind kind = TargetKind::Probability) {
  Input input{.tokens = Sequence(n_features, 0), .features = {}};
  for (int64_t i = 0; i < n_features; ++i)
    input.features.push_back({.name = "f" + std::to_string(i), .positions = {i}});
  return {
      .input = input,
      .scorer = scorer,
      .logits = Scorer([](const at::Tensor& tokens) { return tokens.sum(1); }),  // no vocabulary
      .target = {.kind = kind, .token = 0},
      .framing = {},
      .replacer = &replacer};
}

}  // namespace assay::interp::attribution
