#include "interp/attribution/linear_fit.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "interp/attribution/coalitions.h"
#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace linear_fit_test {

using at::Tensor;

TEST(WeightedRidge, OfOneColumnIsAClosedForm) {
  // x = 0, 0, 1 and y = 1, 3, 7, weights 1, 1, 2: weighted means 1/2 and 18/4; Sxy = 1/2·3.5 +
  // 1/2·1.5 + 2·1/2·2.5 = 5, Sxx = 4·1/4 = 1, so β = 5/(1 + penalty).
  const Tensor X = numbers({0, 0, 1}).unsqueeze(1), y = numbers({1, 3, 7});
  const Tensor weights = numbers({1, 1, 2});
  for (const double penalty : {0.0, 1.0, 4.0}) {
    const LinearFit fit = weighted_ridge(X, y, weights, penalty);
    const double beta = 5 / (1 + penalty);
    EXPECT_NEAR(fit.coefficients.item<double>(), beta, 1e-12);
    EXPECT_NEAR(fit.intercept, 4.5 - beta / 2, 1e-12);
  }
  // Of the total 12.25 + 2.25 + 2·6.25 = 27 only the two rows at x = 0 leave 1 + 1.
  EXPECT_NEAR(weighted_ridge(X, y, weights, 0).r_squared, 1 - 2.0 / 27, 1e-12);
}

TEST(WeightedRidge, WithoutPenaltyRecoversALinearFunction) {
  statistics::Engine engine(1);
  const Tensor X =
      random_coalitions(engine, {0, 1, 2, 3, 4, 2, 3, 1, 4, 2, 2}, 5).to(torch::kFloat64);
  const Tensor beta = numbers({2, -1, 0.5, 0, 3});
  const LinearFit fit = weighted_ridge(X, at::mv(X, beta) + 7, at::ones({11}, torch::kFloat64), 0);
  EXPECT_LT(largest_difference(fit.coefficients, beta), 1e-10);
  EXPECT_NEAR(fit.intercept, 7, 1e-10);
  EXPECT_NEAR(fit.r_squared, 1, 1e-12);
}

TEST(WeightedRidge, SharesAlikeBetweenEqualColumnsAndSaysWhenThereIsNothingToExplain) {
  const Tensor x = numbers({0, 1, 2});
  const LinearFit fit =
      weighted_ridge(at::stack({x, x}, 1), 4 * x, at::ones({3}, torch::kFloat64), 0);
  EXPECT_LT(largest_difference(fit.coefficients, numbers({2, 2})), 1e-10);
  const LinearFit flat = weighted_ridge(x.unsqueeze(1), at::ones_like(x), at::ones_like(x), 1);
  EXPECT_TRUE(std::isnan(flat.r_squared));
}

TEST(LeastSquaresOfSum, IsTheNearestPointOfThePlane) {
  // |β - (1, 4)|² on β1 + β2 = 3 is least at the foot of the perpendicular, (0, 3).
  const Tensor X = at::eye(2, torch::kFloat64), y = numbers({1, 4});
  EXPECT_LT(largest_difference(least_squares_of_sum(X, y, numbers({1, 1}), 3), numbers({0, 3})),
            1e-12);
  // With weights 1 and 2 the correction of -2 is shared as 1 to 1/2: (1 - 4/3, 4 - 2/3).
  EXPECT_LT(largest_difference(least_squares_of_sum(X, y, numbers({1, 2}), 3),
                               numbers({-1.0 / 3, 10.0 / 3})),
            1e-12);
}

TEST(LeastSquaresOfSum, RefusesRowsThatLeaveCoefficientsOpen) {
  const Tensor X = numbers({1, 1, 0}).unsqueeze(0);
  EXPECT_THROW(least_squares_of_sum(X, numbers({1}), numbers({1}), 1), std::invalid_argument);
}

}  // namespace linear_fit_test
}  // namespace assay::interp::attribution
