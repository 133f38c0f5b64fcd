#include "interp/attribution/linear_fit.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>
#include <stdexcept>

namespace assay::interp::attribution {
namespace {

using at::Tensor;

constexpr double kSingular = 1e-12;  // eigenvalues below this share of the largest count as 0

}  // namespace

LinearFit weighted_ridge(const Tensor& X, const Tensor& y, const Tensor& weights, double penalty) {
  const Tensor shares = weights / weights.sum();
  const Tensor x_mean = at::mv(X.t(), shares), y_mean = at::dot(y, shares);
  const Tensor x = X - x_mean, dy = y - y_mean;  // the intercept bears no penalty
  const Tensor weighted = x.t() * weights;
  const Tensor normal = at::matmul(weighted, x) + penalty * at::eye(X.size(1), torch::kFloat64);
  const Tensor beta = at::mv(at::linalg_pinv(normal, kSingular, true), at::mv(weighted, dy));
  const double variance = at::dot(dy.square(), weights).item<double>();
  const double residual = at::dot((dy - at::mv(x, beta)).square(), weights).item<double>();
  return {.coefficients = beta,
          .intercept = (y_mean - at::dot(x_mean, beta)).item<double>(),
          .r_squared =
              variance > 0 ? 1 - residual / variance : std::numeric_limits<double>::quiet_NaN()};
}

// The constraint's multiplier moves the free solution along A⁻¹1 (Covert and Lee 2021).
Tensor least_squares_of_sum(const Tensor& X, const Tensor& y, const Tensor& weights, double sum) {
  const Tensor weighted = X.t() * weights;
  const Tensor normal = at::matmul(weighted, X);
  const auto rank = at::linalg_matrix_rank(normal, c10::nullopt, kSingular, true).item<int64_t>();
  if (rank < X.size(1))
    throw std::invalid_argument(fmt::format(
        "least squares: {} rows determine only {} of {} coefficients; more rows are needed",
        X.size(0), rank, X.size(1)));
  const Tensor inverse = at::linalg_pinv(normal, kSingular, true);
  const Tensor free = at::mv(inverse, at::mv(weighted, y)), direction = inverse.sum(1);
  return free - direction * ((free.sum() - sum) / direction.sum());
}

}  // namespace assay::interp::attribution
