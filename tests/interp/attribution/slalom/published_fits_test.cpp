// The authors' two estimators: what they do, and that they stop where the reference measurements of
// their code found them to stop.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "interp/attribution/slalom/adam_fit.h"
#include "interp/attribution/slalom/alternating_fit.h"
#include "interp/attribution/slalom/nonnegative_least_squares.h"
#include "interp/attribution/slalom/sampling.h"
#include "tests/interp/attribution/slalom/oracle.h"

namespace assay::interp::attribution::slalom {
namespace published_fits_test {

using at::Tensor;

struct Errors {
  double value = 0, importance = 0;
};
Errors errors_of(const Slalom& fit, const Slalom& model) {
  return {rmse(fit.value, model.value),
          rmse(centred(fit, fit.size()).importance, model.importance)};
}

/// Does `one` look like another draw from where the `others` came from? Within three standard
/// deviations of such a difference, estimated from the others.
bool is_one_of(const std::vector<double>& others, double one) {
  const Tensor values = torch::tensor(others, torch::kFloat64);
  const double deviation = values.std().item<double>() * std::sqrt(1 + 1.0 / others.size());
  return std::abs(values.mean().item<double>() - one) < 3 * deviation;
}

// The figures to compare with, 2.59 and 1.02, are of a single model drawn in the same way.
TEST(SlalomEff, StopsFarFromTheOptimum) {
  std::vector<double> value, importance;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const Slalom model = random_slalom(100, 3, 1.5, seed);
    const Observations data = observed(model, short_samples(100, 512, 3, 3, seed));
    const Errors errors = errors_of(fit_by_adam(data), model);
    EXPECT_GT(errors.value, 1.5) << "the joint fit: below 1e-4";
    EXPECT_GT(errors.importance, 0.5);
    value.push_back(errors.value);
    importance.push_back(errors.importance);
  }
  EXPECT_TRUE(is_one_of(value, 2.59)) << testing::PrintToString(value);
  EXPECT_TRUE(is_one_of(importance, 1.02)) << testing::PrintToString(importance);
}

TEST(SlalomEff, MovesNoParameterFartherThanItsStepsAllow) {
  const Slalom model = random_slalom(100, 3, 1.5, 1);
  const Slalom fit = fit_by_adam(observed(model, short_samples(100, 512, 3, 3, 2)));
  EXPECT_LT(fit.value.abs().max().item<double>(), 60 * 4 * 5e-3 * 1.3);
}

TEST(SlalomEff, KeepsParametersAfterEveryThirdEpoch) {
  const Observations data = observed(random_slalom(5, 1, 1, 1), short_samples(5, 100, 3, 3, 2));
  const auto after = [&](int64_t epochs) {
    return fit_by_adam(data, {.learning_rate = 1e-2, .epochs = epochs}).value;
  };
  EXPECT_TRUE(after(20).equal(after(18)));
  EXPECT_FALSE(after(21).equal(after(18)));
  EXPECT_THROW(after(2), std::invalid_argument);
}

// The figures to compare with, 0.52 and 0.73, are of a single model drawn in the same way.
TEST(SlalomFidel, IsNoWorseThanValuesAloneAndNoRecovery) {
  std::vector<double> value, importance;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const Slalom model = random_slalom(20, 1, 1, seed);
    const Tensor kept = deletion_samples(20, 2000, 5, seed + 2);
    std::vector<Sample> samples;
    for (int64_t i = 0; i < 2000; ++i) {
      const Tensor row = kept[i].nonzero().squeeze(1);
      samples.emplace_back(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel());
    }
    const Observations data = observed(model, samples);
    const Slalom fit = fit_by_alternation(data);
    EXPECT_LE(mean_squared_error(fit, data), mean_squared_error(mean_of_values(data), data));
    EXPECT_TRUE(at::isfinite(fit.importance).all().item<bool>());
    const Errors errors = errors_of(fit, model);
    value.push_back(errors.value);
    importance.push_back(errors.importance);
  }
  EXPECT_TRUE(is_one_of(value, 0.52)) << testing::PrintToString(value);
  EXPECT_TRUE(is_one_of(importance, 0.73)) << testing::PrintToString(importance);
}

TEST(SlalomFidel, ConstantScoresHaveNoImportances) {
  const Slalom constant{at::full({4}, 3.0, torch::kFloat64), at::zeros({4}, torch::kFloat64)};
  const Slalom fit = fit_by_alternation(observed(constant, short_samples(4, 40, 1, 4, 1)));
  EXPECT_LT(rmse(fit.value, constant.value), 1e-9);
  EXPECT_TRUE(fit.importance.equal(constant.importance));
}

// The best of all 2^n sets of unknowns that are not 0, each solved without bounds.
Tensor by_brute_force(const Tensor& gram, const Tensor& b) {
  const int64_t n = b.size(0);
  Tensor best = at::zeros_like(b);
  double least = 0;
  for (int64_t set = 1; set < (1 << n); ++set) {
    std::vector<int64_t> free;
    for (int64_t i = 0; i < n; ++i)
      if (set >> i & 1) free.push_back(i);
    const Tensor index = torch::tensor(free, torch::kInt64);
    const Tensor part = at::linalg_solve(gram.index_select(0, index).index_select(1, index),
                                         b.index_select(0, index));
    if (part.min().item<double>() < 0) continue;
    const Tensor x = at::zeros_like(b).index_copy_(0, index, part);
    const double loss = (0.5 * x.dot(at::matmul(gram, x)) - b.dot(x)).item<double>();
    if (loss < least) {
      least = loss;
      best = x;
    }
  }
  return best;
}

TEST(NonnegativeLeastSquares, FindsTheBestOfAllSetsOfUnknowns) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const Tensor design = normal(8 * 6, 1, seed).view({8, 6});
    const Tensor gram = at::matmul(design.t(), design);
    const Tensor b = at::matmul(design.t(), normal(8, 1, seed + 100));
    EXPECT_LT(rmse(nonnegative_least_squares(gram, b), by_brute_force(gram, b)), 1e-8) << seed;
  }
}

}  // namespace published_fits_test
}  // namespace assay::interp::attribution::slalom
