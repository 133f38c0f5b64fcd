#pragma once
// Models that are a SLALOM, and how near a fit comes to one.

#include <torch/types.h>

#include <vector>

#include "interp/attribution/method.h"
#include "interp/attribution/slalom/closed_form.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

inline at::Tensor normal(int64_t n, double deviation, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::normal(0.0, deviation, {n}, generator, torch::kFloat64);
}

/// v ~ N(0, value²), s ~ N(0, importance²), mean importance 0.
inline Slalom random_slalom(int64_t n, double value, double importance, uint64_t seed) {
  return centred({normal(n, value, 2 * seed), normal(n, importance, 2 * seed + 1)}, n);
}

/// What the model says, rounded to float32 as a network's answers are.
inline Observations observed(const Slalom& model, const std::vector<Sample>& samples) {
  Observations data{{.n_features = model.size(), .rows = {}}, {}};
  for (const Sample& sample : samples) data.bags.rows.push_back(bag_of(sample));
  data.scores = predict(model, data.bags).to(torch::kFloat32).to(torch::kFloat64);
  return data;
}

/// The model as a black box; token i is feature i.
inline Scorer scorer_of(const Slalom& model) {
  return Scorer([model](const at::Tensor& tokens) {
    const at::Tensor weight = at::softmax(model.importance.index({tokens}), 1);
    return (weight * model.value.index({tokens})).sum(1).to(torch::kFloat32);
  });
}

/// Tokens 0 … n-1, each a feature.
inline Problem problem_of(const Scorer& scorer, const Sequence& tokens) {
  std::vector<std::string> names;
  for (const int64_t token : tokens) names.push_back("t" + std::to_string(token));
  return {.input = {.tokens = tokens, .features = token_features(names)},
          .scorer = scorer,
          .logits = Scorer([](const at::Tensor&) { return at::Tensor(); }),  // never asked
          .target = {},
          .framing = {},
          .rows = 500,
          .seed = 3};
}

inline double rmse(const at::Tensor& left, const at::Tensor& right) {
  return (left - right).square().mean().sqrt().item<double>();
}

inline at::Tensor numbers(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}

}  // namespace assay::interp::attribution::slalom
