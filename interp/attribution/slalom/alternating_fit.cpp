#include "interp/attribution/slalom/alternating_fit.h"

#include <torch/types.h>

#include "interp/attribution/slalom/nonnegative_least_squares.h"

namespace assay::interp::attribution::slalom {
namespace {

using at::Tensor;

constexpr double kLeastWeight = 1e-12;  // of the mean weight: a logarithm of 0 is no importance

/// Log of the weights that fit best under given values, cleared of the denominator.
Tensor importances_given(const Tensor& value, const Observations& data) {
  const Tensor design = dense(data.bags) * (value.unsqueeze(0) - data.scores.unsqueeze(1));
  Tensor gram = at::matmul(design.t(), design);
  const double scale = gram.trace().item<double>() / static_cast<double>(value.size(0));
  if (scale == 0) return at::zeros_like(value);
  // w = 0 would be best. A term that pulls Σ w to n, however strong, keeps the direction of w: on
  // the weights that are not 0 the gradient of the rest is the same everywhere.
  gram = gram + scale;
  const Tensor pull = at::full_like(value, scale * static_cast<double>(value.size(0)));
  const Tensor weight = nonnegative_least_squares(gram, pull);
  return (weight / weight.mean()).clamp_min(kLeastWeight).log();
}

}  // namespace

Slalom fit_by_alternation(const Observations& data) {
  const Slalom plain = mean_of_values(data);
  const Slalom weighted = fit_values(data, importances_given(plain.value, data));
  const bool better = mean_squared_error(weighted, data) < mean_squared_error(plain, data);
  return better ? centred(weighted, weighted.size()) : plain;
}

}  // namespace assay::interp::attribution::slalom
