#pragma once
// Least squares of a few coefficients, in double precision, through their normal equations.

#include <ATen/core/Tensor.h>

namespace assay::interp::attribution {

struct LinearFit {
  at::Tensor coefficients;  ///< float64 [columns]
  double intercept = 0;
  double r_squared = 0;  ///< weighted share of the variance explained; NaN where there is none
};

/// Minimises Σ_r w_r (y_r - intercept - X_r · β)² + penalty |β|²; where that leaves β open, the
/// shortest β.
/// @param X  [rows, columns]. @param y, weights  [rows], weights not negative.
LinearFit weighted_ridge(const at::Tensor& X, const at::Tensor& y, const at::Tensor& weights,
                         double penalty);

/// Minimises Σ_r w_r (y_r - X_r · β)² among the β that sum to `sum`. float64 [columns].
/// @throws std::invalid_argument where the rows do not determine β.
at::Tensor least_squares_of_sum(const at::Tensor& X, const at::Tensor& y, const at::Tensor& weights,
                                double sum);

}  // namespace assay::interp::attribution
