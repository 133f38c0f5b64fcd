#include "interp/attribution/slalom/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "interp/attribution/slalom/sampling.h"
#include "tests/interp/attribution/slalom/oracle.h"

namespace assay::interp::attribution::slalom {
namespace model_test {

using at::Tensor;

constexpr int64_t kFeatures = 7;

std::vector<Sample> random_sequences() {
  return short_samples(kFeatures, 200, 1, 12, /*seed=*/4);
}

TEST(SlalomModel, WeighsValuesByExponentsOfImportances) {
  const Slalom model{numbers({2, -1}), numbers({std::log(3.0), 0})};
  EXPECT_DOUBLE_EQ(predict(model, bag_of({0})), 2);
  EXPECT_DOUBLE_EQ(predict(model, bag_of({0, 1})), (3.0 * 2 - 1) / 4);
  EXPECT_DOUBLE_EQ(predict(model, bag_of({1, 0, 1})), (3.0 * 2 - 2) / 5);
  EXPECT_DOUBLE_EQ(shares(model, bag_of({1, 0, 1}))[0], 0.6);
}

TEST(SlalomModel, OrderAndRepeatingTheSequenceChangeNothing) {
  const Slalom model = random_slalom(kFeatures, 2, 2, 1);
  for (Sample sample : random_sequences()) {
    const double score = predict(model, bag_of(sample));
    std::reverse(sample.begin(), sample.end());
    EXPECT_EQ(predict(model, bag_of(sample)), score);
    const Sample once = sample;
    sample.insert(sample.end(), once.begin(), once.end());
    EXPECT_NEAR(predict(model, bag_of(sample)), score, 1e-14);
  }
}

TEST(SlalomModel, LiesBetweenTheValuesOfItsFeatures) {
  const Slalom model = random_slalom(kFeatures, 2, 2, 2);
  for (const Sample& sample : random_sequences()) {
    const Tensor values = model.value.index_select(0, torch::tensor(sample, torch::kInt64));
    EXPECT_GE(predict(model, bag_of(sample)), values.min().item<double>() - 1e-14);
    EXPECT_LE(predict(model, bag_of(sample)), values.max().item<double>() + 1e-14);
  }
}

TEST(SlalomModel, AnOccurrenceMoreIsAsMuchAsItsLogarithmOfImportance) {
  Slalom model = random_slalom(2, 2, 2, 3);
  const double thrice = predict(model, bag_of({0, 0, 0, 1}));
  model.importance[0] += std::log(3.0);
  EXPECT_NEAR(predict(model, bag_of({0, 1})), thrice, 1e-14);
}

TEST(SlalomModel, FollowsAffineScoresWithItsValuesAndIgnoresTheLevelOfImportances) {
  const Slalom model = random_slalom(kFeatures, 2, 2, 4);
  const Slalom other{model.value * -3 + 2, model.importance + 700};  // e^700 alone would overflow
  const Slalom back = centred(other, kFeatures);
  for (const Sample& sample : random_sequences()) {
    const Bag bag = bag_of(sample);
    EXPECT_NEAR(predict(other, bag), predict(model, bag) * -3 + 2, 1e-12);
  }
  EXPECT_LT(rmse(back.importance, model.importance), 1e-12);
}

// F̂ -> v0 + Σ n e^(s - s0) (v - v0) as s0 grows: the counts enter linearly.
TEST(SlalomModel, AHeavySinkMakesItLinearInTheCounts) {
  const Tensor weights = numbers({1.5, -0.7, 0.2});
  const double s0 = 18;
  const Slalom model{at::cat({weights * std::exp(s0), numbers({0})}), numbers({0, 0, 0, s0})};
  const Bags bags = with_sink({.n_features = 3, .rows = {bag_of({0, 0, 0, 1}), bag_of({2, 1})}});
  EXPECT_EQ(bags.n_features, 4);
  EXPECT_NEAR(predict(model, bags.rows[0]), 3 * 1.5 - 0.7, 1e-6);
  EXPECT_NEAR(predict(model, bags.rows[1]), 0.2 - 0.7, 1e-6);
}

TEST(SlalomModel, ValuesAreTheLeastSquaresSolutionUnderGivenImportances) {
  const Slalom model = random_slalom(kFeatures, 2, 1, 5);
  const Observations exact = observed(model, random_sequences());
  EXPECT_LT(rmse(fit_values(exact, model.importance).value, model.value), 1e-5);
  Observations noisy = exact;
  noisy.scores = noisy.scores + normal(noisy.scores.size(0), 1, 9);
  const double best = mean_squared_error(fit_values(noisy, model.importance), noisy);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Slalom moved = fit_values(noisy, model.importance);
    moved.value = moved.value + normal(kFeatures, 0.01, seed);
    EXPECT_GT(mean_squared_error(moved, noisy), best);
  }
}

}  // namespace model_test
}  // namespace assay::interp::attribution::slalom
