#include "interp/attribution/marginal_effects.h"

#include <torch/types.h>

#include <limits>

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// Mean of a sample per feature, and the variance of that mean.
struct SampleMeans {
  Tensor mean, variance;
};

/// @param weights  float64 [rows, features], 0 or 1: the rows in each feature's sample.
/// @param values   float64, broadcast to [rows, features].
SampleMeans sample_means(const Tensor& weights, const Tensor& values) {
  const Tensor n = weights.sum(0);
  const Tensor mean = (weights * values).sum(0) / n.clamp_min(1);
  const Tensor squares = (weights * (values - mean).square()).sum(0);
  const Tensor variance = squares / (n * (n - 1)).clamp_min(1);
  return {mean, variance.masked_fill(n < 2, std::numeric_limits<double>::infinity())};
}

MarginalEffects between_rows(const std::vector<MaskedRows>& runs) {
  std::vector<Tensor> all_masks, all_effects;
  for (const MaskedRows& run : runs) {
    all_masks.push_back(run.masks);
    all_effects.push_back(run.effects);
  }
  const Tensor masks = at::cat(all_masks);
  const Tensor replaced = masks.to(torch::kFloat64);
  const Tensor values = at::cat(all_effects).unsqueeze(1);
  const auto [in, in_variance] = sample_means(replaced, values);
  const auto [out, out_variance] = sample_means(1 - replaced, values);
  const Tensor compared = masks.any(0).logical_and(masks.logical_not().any(0));
  return {(in - out).masked_fill(compared.logical_not(), 0), (in_variance + out_variance).sqrt()};
}

/// @return float64 [cycles, features].
Tensor estimates_by_cycle(const MaskedRows& run, int64_t steps) {
  const int64_t cycles = run.masks.size(0) / steps, n = run.masks.size(1);
  const Tensor blocks =
      run.masks.narrow(0, 0, cycles * steps).reshape({cycles, steps, n}).to(torch::kFloat64);
  const Tensor effects = run.effects.narrow(0, 0, cycles * steps).reshape({cycles, steps, 1});
  const Tensor own = (blocks * effects).sum(1);                           // D
  const Tensor others = effects.sum(1) - own;                             // S - D
  const Tensor size = (blocks * blocks.sum(2, /*keepdim=*/true)).sum(1);  // s
  return own - (size - 1) / (static_cast<double>(n) - size).clamp_min(1) * others;
}

MarginalEffects between_cycles(const std::vector<MaskedRows>& runs, int64_t steps) {
  std::vector<Tensor> estimates;
  for (const MaskedRows& run : runs) estimates.push_back(estimates_by_cycle(run, steps));
  const Tensor all = at::cat(estimates);
  const auto [mean, variance] = sample_means(at::ones_like(all), all);
  return {mean, variance.sqrt()};
}

}  // namespace

MarginalEffects marginal_effects(const MaskDesign& design, const std::vector<MaskedRows>& runs) {
  if (design.kind == MaskKind::Bernoulli) return between_rows(runs);
  return between_cycles(runs, steps_per_cycle(design, runs.front().masks.size(1)));
}

}  // namespace assay::interp::attribution
