#include "interp/bootstrap.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::interp {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(PercentileInterval, IsTheMiddleOfTheValues) {
  std::vector<double> values;
  for (int i = 100; i >= 0; --i) values.push_back(i);  // the share q lies at 100 q
  const Interval interval = percentile_interval(values, 0.9);
  EXPECT_NEAR(interval.low, 5, 1e-9);
  EXPECT_NEAR(interval.high, 95, 1e-9);
  // Between order statistics it is linear: of 0 and 1, a quarter and three quarters.
  EXPECT_NEAR(percentile_interval({1, 0}, 0.5).low, 0.25, 1e-12);
  EXPECT_NEAR(percentile_interval({1, 0}, 0.5).high, 0.75, 1e-12);
}

TEST(PercentileInterval, LeavesOutWhatIsUndefined) {
  EXPECT_EQ(percentile_interval({kNaN, 2, kNaN}, 0.9), (Interval{2, 2}));
  EXPECT_TRUE(std::isnan(percentile_interval({kNaN}, 0.9).low));
}

TEST(Resample, DrawsEveryInputEquallyOften) {
  Engine engine(1);
  const int64_t n = 20, resamples = 4000;
  at::Tensor sum = at::zeros({n}, torch::kFloat64);
  for (int64_t i = 0; i < resamples; ++i) {
    const at::Tensor counts = draw_resample(engine, n);
    ASSERT_EQ(counts.sum().item<double>(), n);
    sum += counts;
  }
  // Counts are binomial with mean 1 and variance 1 - 1/n per resample.
  const double deviation = 4 * std::sqrt((1 - 1.0 / n) / resamples);
  EXPECT_LT((sum / resamples - 1).abs().max().item<double>(), deviation);
}

// The mean of n independent values has the standard error s/sqrt(n), and a normal interval of it
// nearly is the bootstrap's: s² = (n+1)n/12 here.
TEST(MeanInterval, IsNearlyTheNormalOneOfManyValues) {
  std::vector<double> values;
  for (int i = 1; i <= 400; ++i) values.push_back(i);
  const double half = 1.96 * std::sqrt(401.0 / 12);
  const Interval interval = mean_interval(values, {.resamples = 4000, .seed = 1});
  EXPECT_NEAR(interval.low, 200.5 - half, 0.06 * half);
  EXPECT_NEAR(interval.high, 200.5 + half, 0.06 * half);
}

TEST(MeanInterval, OfEqualValuesIsThatValueAndOfNoneUndefined) {
  const Interval interval = mean_interval({0.25, 0.25, 0.25});
  EXPECT_DOUBLE_EQ(interval.low, 0.25);
  EXPECT_DOUBLE_EQ(interval.high, 0.25);
  EXPECT_TRUE(std::isnan(mean_interval({}).low));
}

TEST(MeanInterval, RefusesUndefinedValues) {
  EXPECT_THROW(mean_interval({1, kNaN}), std::invalid_argument);
}

}  // namespace
}  // namespace assay::interp
