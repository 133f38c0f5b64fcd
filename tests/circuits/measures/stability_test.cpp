#include "circuits/measures/stability.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/components/circuit.h"
#include "circuits/discovery/discovery.h"
#include "tests/circuits/known_circuit.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace stability_test {

at::Tensor mask(const std::vector<int64_t>& flags) {
  return at::tensor(flags, torch::kInt64).to(torch::kBool);
}

TEST(Jaccard, IsTheShareOfTheUnionThatIsCommon) {
  EXPECT_EQ(jaccard(mask({1, 1, 0}), mask({1, 1, 0})), 1);
  EXPECT_EQ(jaccard(mask({1, 1, 0}), mask({0, 1, 1})), 1.0 / 3);
  EXPECT_EQ(jaccard(mask({1, 0}), mask({0, 1})), 0);
  EXPECT_EQ(jaccard(mask({0, 0}), mask({0, 0})), 1);
}

TEST(PerInputEffects, AverageToTheScores) {
  const RandomExperiment random(true, false, 40);
  for (const std::string method : {"exact", "eap", "eap-ig"}) {
    const EdgeScores scores = score_edges(random.experiment(), {.method = method});
    const at::Tensor effects =
        per_input_effects(random.experiment(), {.method = method}).to(torch::kFloat64);
    EXPECT_TRUE(at::allclose(effects.mean(0), scores.mean, 1e-6, 1e-9));
    EXPECT_TRUE(at::allclose(effects.std(0) / std::sqrt(40.0), scores.standard_error, 1e-5, 1e-8));
  }
  EXPECT_THROW(per_input_effects(random.experiment(), {.method = "acdc"}), std::invalid_argument);
}

TEST(Stability, OfTheKnownCircuitIsPerfect) {
  const KnownCircuit known;
  const Stability result = stability(Evaluation(known.experiment()), {.edges = 4});
  EXPECT_TRUE(result.kept.equal(known.circuit()));
  EXPECT_NEAR(result.jaccard, 1, 1e-12);
  EXPECT_TRUE(result.frequency.equal(known.circuit().to(torch::kFloat64)));
  EXPECT_NEAR(result.faithfulness, 1, 1e-4);
  EXPECT_TRUE(result.verdict());
  EXPECT_EQ(result.flips, 0);
}

// A fifth edge can only be noise: four of five agree, 4/6 where the fifth differs.
TEST(Stability, AnEdgeTooManyIsAnotherOneEveryTime) {
  const KnownCircuit known;
  const Stability result =
      stability(Evaluation(known.experiment()), {.discovery = {.method = "exact"}, .edges = 5});
  EXPECT_LT(result.jaccard, 1);
  EXPECT_GE(result.jaccard, 4.0 / 6);
  EXPECT_NEAR(result.frequency.sum().item<double>(), 5, 1e-9);
  EXPECT_EQ(result.frequency.masked_select(known.circuit()).min().item<double>(), 1);
}

TEST(Stability, FlipsWhereTheThresholdIsWhereTheFaithfulnessIs) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  StabilityConfig config{.discovery = {.method = "eap"}, .edges = 12, .resamples = 60};
  const Stability result = stability(evaluation, config);
  EXPECT_LT(result.jaccard, 1);
  EXPECT_GT(result.jaccard, 12.0 / random.graph.n_edges() / 2);  // of random sets
  EXPECT_TRUE(
      result.kept.equal(top_n(score_edges(random.experiment(), config.discovery).mean, 12, false)));
  config.threshold = result.faithfulness;  // just met on all inputs
  const Stability on_the_edge = stability(evaluation, config);
  EXPECT_TRUE(on_the_edge.verdict());
  EXPECT_GT(on_the_edge.flips, 0);
  EXPECT_LT(on_the_edge.flips, 60);
  config.threshold = result.spread.high + 100;
  EXPECT_EQ(stability(evaluation, config).flips, 0);
}

TEST(Stability, RefusesNoEdgesAndTooMany) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment());
  EXPECT_THROW(stability(evaluation, {}), std::invalid_argument);
  EXPECT_THROW(stability(evaluation, {.edges = 47}), std::invalid_argument);
  EXPECT_THROW(stability(evaluation, {.edges = 4, .resamples = 1}), std::invalid_argument);
}

TEST(Stability, IsNotAskedOfOneInputNorOfAList) {
  KnownCircuit known({.inputs = 8});
  known.data.is_sample = false;
  EXPECT_THROW(stability(Evaluation(known.experiment()), {.edges = 4}), std::invalid_argument);
  const KnownCircuit one({.inputs = 1});
  EXPECT_THROW(stability(Evaluation(one.experiment()), {.edges = 4}), std::invalid_argument);
}

// Two inputs with faithfulness 0 and 1: a resample has mean 0, 1/2 or 1 with probability 1/4, 1/2
// and 1/4. On both it is 1/2, so the verdict "at least 1/2" flips in a quarter of the resamples.
TEST(VerdictFlipRate, IsThatOfTheResamples) {
  const at::Tensor circuit = at::tensor({0.0, 1.0}, torch::kFloat64),
                   one = at::ones({2}, torch::kFloat64), zero = at::zeros_like(one);
  EXPECT_NEAR(verdict_flip_rate(circuit, one, zero, 0.5, 4000, 1), 0.25, 4 * 0.0069);
  EXPECT_EQ(verdict_flip_rate(one, one, zero, 0.5, 50, 1), 0);
}

}  // namespace stability_test
}  // namespace assay::circuits
