#include "interp/attribution/slalom/joint_fit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "interp/attribution/slalom/closed_form.h"
#include "interp/attribution/slalom/sampling.h"
#include "tests/interp/attribution/slalom/oracle.h"

namespace assay::interp::attribution::slalom {
namespace joint_fit_test {

using at::Tensor;

/// Scores that no SLALOM gives: counts enter linearly, with noise.
Observations additive_data(int64_t n_features, uint64_t seed) {
  Observations data =
      observed(random_slalom(n_features, 1, 0, seed), short_samples(n_features, 300, 1, 6, seed));
  data.scores = at::matmul(dense(data.bags), normal(n_features, 1, seed)) +
                normal(data.bags.size(), 0.3, seed + 100);
  return data;
}

Observations deletions_of(const Slalom& model, int64_t rows, uint64_t seed) {
  const Tensor kept = deletion_samples(model.size(), rows, 5, seed);
  std::vector<Sample> samples;
  for (int64_t i = 0; i < rows; ++i) {
    const Tensor row = kept[i].nonzero().squeeze(1);
    samples.emplace_back(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel());
  }
  return observed(model, samples);
}

// The authors' default comes to 2.59 and 1.02 here, their 5,000 queries to 1.14 and 0.51.
TEST(SlalomJointFit, RecoversAHundredFeaturesFromFiveHundredShortQueries) {
  const Slalom model = random_slalom(100, 3, 1.5, 1);
  const Observations data = observed(model, short_samples(100, 500, 3, 3, 2));
  for (const JointConfig& config : {JointConfig{}, {.spread = 5}}) {
    const JointFit fit = fit_jointly(data, mean_of_values(data), config);
    EXPECT_TRUE(fit.converged);
    EXPECT_LT(rmse(fit.model.value, model.value), 1e-4);
    EXPECT_LT(rmse(fit.model.importance, model.importance), 1e-4);
    EXPECT_EQ(fit.at_bound, 0);
  }
}

double error_of(const Slalom& fit, const Slalom& model) {
  return std::max(rmse(fit.value, model.value), rmse(fit.importance, model.importance));
}

// With the price that `short` puts on importances every oracle is found, from the closed form and
// from values alone. Without a price some fits from values alone run out of iterations on the way,
// and say so.
TEST(SlalomJointFit, RecoversEveryOneOfManyOraclesOrDoesNotConverge) {
  constexpr int kOracles = 50;
  int unpriced = 0;
  for (uint64_t oracle = 1; oracle <= kOracles; ++oracle) {
    const Slalom model = random_slalom(100, 3, 1.5, oracle);
    const auto answers = [&](const std::vector<Sample>& samples) {
      return observed(model, samples);
    };
    const ClosedForm solved =
        closed_form([&](const auto& samples) { return answers(samples).scores; }, 100);
    const int64_t left = 500 - solved.asked.bags.size();
    const Observations with_pairs =
        joined(solved.asked, answers(short_samples(100, left, 2, 3, oracle)));
    const Observations triples = answers(short_samples(100, 500, 3, 3, oracle));
    const JointConfig priced = {.spread = 5};
    EXPECT_LT(error_of(fit_jointly(with_pairs, solved.model, priced).model, model), 1e-4) << oracle;
    EXPECT_LT(error_of(fit_jointly(triples, mean_of_values(triples), priced).model, model), 1e-4)
        << oracle;
    const JointFit free = fit_jointly(triples, mean_of_values(triples));
    const bool recovered = error_of(free.model, model) < 1e-4;
    EXPECT_TRUE(recovered || !free.converged) << oracle;
    unpriced += recovered;
  }
  EXPECT_GE(unpriced, 40);
  RecordProperty("recovered_without_a_price", unpriced);
}

TEST(SlalomJointFit, RecoversAModelFromDeletionsToo) {
  const Slalom model = random_slalom(20, 1, 1, 3);
  const Observations data = deletions_of(model, 3000, 4);
  const JointFit fit = fit_jointly(data, mean_of_values(data));
  EXPECT_LT(rmse(fit.model.value, model.value), 1e-3);
  EXPECT_LT(rmse(fit.model.importance, model.importance), 1e-3);
}

TEST(SlalomJointFit, IsNeverWorseThanValuesAloneNorTheseThanAConstant) {
  for (const JointConfig& config :
       {JointConfig{}, {.ridge = 1e-4}, {.ridge = 1}, {.spread = 5}, {.spread = 0.1}}) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      const Observations data = additive_data(static_cast<int64_t>(1 + seed), seed);
      const Slalom values = mean_of_values(data);
      const double joint = mean_squared_error(fit_jointly(data, values, config).model, data);
      EXPECT_LE(joint, mean_squared_error(values, data)) << seed;
      EXPECT_LE(mean_squared_error(values, data), variance(data) * (1 + 1e-12)) << seed;
    }
  }
}

// A pair that scores the sum of its two values lies outside their range, if these agree in sign: no
// share of attention is large enough.
TEST(SlalomJointFit, ExpectsASpreadOfImportancesWhereDataAskForInfinity) {
  Observations sums = observed(random_slalom(2, 1, 1, 1), {{0}, {1}, {0, 1}});
  sums.scores = numbers({1, 2, 3});
  const Slalom values = mean_of_values(sums);
  EXPECT_GT(fit_jointly(sums, values).at_bound, 0);
  const JointFit fit = fit_jointly(sums, values, {.spread = 5});
  EXPECT_TRUE(fit.converged);
  EXPECT_EQ(fit.at_bound, 0);
  EXPECT_GT(fit.model.importance[1].item<double>(), 0.5);
  EXPECT_LT(fit.model.importance[1].item<double>(), 5);
}

// The largest value decides alone, which weights of any finite ratio only come near.
TEST(SlalomJointFit, StopsWhereAShareIsLostInTheRoundingOfScores) {
  Observations largest = observed(random_slalom(5, 1, 1, 2), short_samples(5, 200, 1, 3, 2));
  const auto value = normal(5, 2, 2);
  for (size_t row = 0; row < largest.bags.rows.size(); ++row) {
    double most = -100;
    for (const auto& [feature, times] : largest.bags.rows[row])
      most = std::max(most, value[feature].item<double>());
    largest.scores[static_cast<int64_t>(row)] = most;
  }
  const JointFit fit = fit_jointly(largest, mean_of_values(largest), {.spread = 5});
  EXPECT_GT(fit.at_bound, 0);
  EXPECT_LE(fit.model.importance.max().item<double>() - fit.model.importance.min().item<double>(),
            2 * kMostImportance);
  EXPECT_LT(mean_squared_error(fit.model, largest), 1e-3 * variance(largest));
}

TEST(SlalomJointFit, EndsWhereNoSmallChangeHelps) {
  const Observations data = additive_data(6, 1);
  const JointFit fit = fit_jointly(data, mean_of_values(data));
  EXPECT_TRUE(fit.converged);
  const double least = mean_squared_error(fit.model, data);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Slalom moved{fit.model.value + normal(6, 1e-3, seed),
                       fit.model.importance + normal(6, 1e-3, seed + 50)};
    EXPECT_GT(mean_squared_error(moved, data), least);
  }
}

TEST(SlalomJointFit, FollowsAffineScoresWithItsValues) {
  Observations data = additive_data(5, 2);
  const JointFit fit = fit_jointly(data, mean_of_values(data), {.ridge = 1e-3});
  data.scores = data.scores * 1000 - 70;
  const JointFit scaled = fit_jointly(data, mean_of_values(data), {.ridge = 1e-3});
  EXPECT_LT(rmse(scaled.model.importance, fit.model.importance), 1e-4);
  EXPECT_LT(rmse(scaled.model.value, fit.model.value * 1000 - 70), 0.1);
}

TEST(SlalomJointFit, ARidgeKeepsImportancesThatDataLeaveOpen) {
  // Features 0 and 1 always stand together: how they share attention is open.
  Observations data = observed(random_slalom(3, 1, 1, 6), {{0, 1}, {0, 1, 2}, {2}, {0, 1, 2, 2}});
  const JointFit fit = fit_jointly(data, mean_of_values(data), {.ridge = 1e-3});
  EXPECT_TRUE(at::isfinite(fit.model.importance).all().item<bool>());
  EXPECT_NEAR(fit.model.importance[0].item<double>(), fit.model.importance[1].item<double>(), 1e-6);
}

TEST(SlalomJointFit, OneFeatureAndConstantScoresAreNoSpecialCases) {
  const Slalom one{numbers({2.5}), numbers({0})};
  const Observations single = observed(one, {{0}, {0, 0}});
  const JointFit of_one = fit_jointly(single, mean_of_values(single));
  EXPECT_NEAR(of_one.model.value.item<double>(), 2.5, 1e-12);
  EXPECT_EQ(of_one.model.importance.item<double>(), 0);

  const Slalom constant{at::full({4}, -1.0, torch::kFloat64), normal(4, 1, 1)};
  const Observations flat = observed(constant, short_samples(4, 50, 1, 3, 1));
  const JointFit of_flat = fit_jointly(flat, mean_of_values(flat), {.ridge = 1e-4});
  EXPECT_LT(rmse(of_flat.model.value, constant.value), 1e-6);
  EXPECT_LT(of_flat.model.importance.abs().max().item<double>(), 1e-6);
}

TEST(SlalomJointFit, FeaturesInNoBagStayWhereTheyAre) {
  const Slalom model = random_slalom(4, 1, 1, 7);
  const Observations data = observed(model, {{0}, {1}, {0, 1}, {0, 0, 1}});
  const JointFit fit = fit_jointly(data, mean_of_values(data));
  EXPECT_EQ(fit.model.value[3].item<double>(), 0);
  EXPECT_NEAR((fit.model.importance[0] - fit.model.importance[1]).item<double>(),
              (model.importance[0] - model.importance[1]).item<double>(), 1e-4);
}

}  // namespace joint_fit_test
}  // namespace assay::interp::attribution::slalom
