#pragma once
// Least squares under bounds, by an active set.

#include <ATen/core/Tensor.h>

namespace assay::interp::attribution::slalom {

/// argmin ½ xᵀ G x - bᵀ x over x >= 0 (Lawson & Hanson 1974, in the form of Bro & de Jong 1997 that
/// needs normal equations only).
/// @param gram  float64 [n, n], positive semidefinite; @param b  float64 [n]. @return float64 [n].
at::Tensor nonnegative_least_squares(const at::Tensor& gram, const at::Tensor& b);

}  // namespace assay::interp::attribution::slalom
