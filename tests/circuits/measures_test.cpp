#include "circuits/measures.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/random_circuits.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace {

at::Tensor values(const std::vector<double>& numbers) {
  return at::tensor(numbers, torch::kFloat64);
}

TEST(Normalised, IsWhereTheCircuitStandsBetweenNothingAndTheNetwork) {
  EXPECT_EQ(normalised(3, 5, 1), 0.5);
  EXPECT_EQ(normalised(5, 5, 1), 1);
  EXPECT_EQ(normalised(1, 5, 1), 0);
  EXPECT_EQ(normalised(7, 5, 1), 1.5);
  EXPECT_EQ(normalised(-1, 1, -3), 0.5);
  EXPECT_TRUE(std::isnan(normalised(1, 2, 2)));
}

TEST(Faithfulness, IsOfMeansAndItsIntervalHoldsThem) {
  const at::Tensor circuit = values({1, 2, 3, 6}), network = values({2, 4, 4, 6}),
                   empty = values({0, 0, 1, 1});
  const Faithfulness result = faithfulness(circuit, network, empty, {});
  EXPECT_EQ(result.normalised, (3 - 0.5) / (4 - 0.5));
  EXPECT_LT(result.interval.low, result.normalised);
  EXPECT_GT(result.interval.high, result.normalised);
  EXPECT_EQ(result.undefined, 0);
}

TEST(Faithfulness, TheSeedDecidesTheResamples) {
  interp::Engine engine(2);
  std::normal_distribution<double> normal;
  std::vector<double> sample(50);
  for (double& x : sample) x = normal(engine);
  const at::Tensor one = at::ones({50}, torch::kFloat64), zero = at::zeros_like(one);
  const auto interval = [&](uint64_t seed) {
    return faithfulness(values(sample), one, zero, {.resamples = 100, .seed = seed}).interval;
  };
  EXPECT_EQ(interval(1), interval(1));
  EXPECT_NE(interval(1), interval(2));
}

TEST(Faithfulness, OfOneValuePerInputHasNoSpread) {
  const at::Tensor two = values({2, 2, 2}), one = values({1, 1, 1});
  EXPECT_EQ(faithfulness(two, two, one, {}).interval, (interp::Interval{1, 1}));
  const Faithfulness undefined = faithfulness(two, one, one, {.resamples = 10});
  EXPECT_TRUE(std::isnan(undefined.normalised));
  EXPECT_EQ(undefined.undefined, 10);
}

// m(M) = 1 and m(∅) = 0 everywhere, so faithfulness is the mean of m(C): its interval must hold the
// true mean 0 in about 95 of 100 samples. Percentile intervals of 40 values are a little short.
TEST(Faithfulness, ItsIntervalCoversTheTruth) {
  interp::Engine engine(1);
  std::normal_distribution<double> normal;
  const at::Tensor one = at::ones({40}, torch::kFloat64), zero = at::zeros_like(one);
  int covered = 0;
  constexpr int kSamples = 300;
  for (int i = 0; i < kSamples; ++i) {
    std::vector<double> sample(40);
    for (double& x : sample) x = normal(engine);
    const interp::Interval interval =
        faithfulness(values(sample), one, zero, {.resamples = 400, .seed = engine()}).interval;
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  EXPECT_GE(covered, kSamples * 0.90);
  EXPECT_LE(covered, kSamples * 0.98);
}

TEST(Measure, AllEdgesAreTheNetworkAndNoneAreNothing) {
  const RandomExperiment random(true, false, 40);
  for (const Ablation ablation : all_ablations()) {
    const Evaluation evaluation(random.experiment(ablation));
    const Measures full = measure(evaluation, random.all());
    EXPECT_NEAR(full.faithfulness.normalised, 1, 1e-4);
    EXPECT_EQ(full.agreement.hits, 40);
    EXPECT_EQ(full.circuit_right.hits, full.network_right.hits);
    const Measures empty = measure(evaluation, random.none());
    EXPECT_EQ(empty.faithfulness.normalised, 0);
    EXPECT_EQ(empty.agreement.hits, empty.empty_agreement.hits);
    EXPECT_EQ(empty.edges, 0);
    EXPECT_EQ(empty.of_edges, random.graph.n_edges());
  }
}

TEST(Measure, CountsDecisionsInputByInput) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  interp::Engine engine(1);
  const Measures measures = measure(evaluation, random_circuit(random.graph, 12, engine));
  int64_t agree = 0, right = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const int64_t answer = measures.circuit.logits[i].argmax().item<int64_t>();
    agree += answer == evaluation.network().logits[i].argmax().item<int64_t>();
    right += random.data.right[i][evaluation.answer_tokens()[answer]].item<bool>();
  }
  EXPECT_EQ(measures.agreement.hits, agree);
  EXPECT_EQ(measures.circuit_right.hits, right);
  EXPECT_EQ(measures.agreement.interval, rate_interval(agree, 40, 0.95));
}

TEST(Measure, JsonSaysWhatWasMeasuredHow) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment(Ablation::Mean, Metric::Probability));
  const auto json = to_json(measure(evaluation, random.all()));
  EXPECT_EQ(json["ablation"], "mean");
  EXPECT_EQ(json["metric"], "probability");
  EXPECT_EQ(json["inputs"], 40);
  EXPECT_EQ(json["agreement"]["rate"], 1);
  EXPECT_EQ(json["faithfulness"]["interval"].size(), 2U);
  EXPECT_EQ(json["self_check"]["inputs"], 40);
}

}  // namespace
}  // namespace assay::circuits
