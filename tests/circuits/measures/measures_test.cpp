#include "circuits/measures/measures.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/components/random_circuits.h"
#include "interp/statistics/binomial.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace measures_test {

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
}

TEST(Faithfulness, TheSeedDecidesTheResamples) {
  statistics::Engine engine(2);
  std::normal_distribution<double> normal;
  std::vector<double> sample(50);
  for (double& x : sample) x = std::exp(normal(engine));
  const at::Tensor one = at::ones({50}, torch::kFloat64), zero = at::zeros_like(one);
  const auto interval = [&](uint64_t seed) {
    return faithfulness(values(sample), one, zero, {.resamples = 100, .seed = seed}).interval;
  };
  EXPECT_EQ(interval(1), interval(1));
  EXPECT_NE(interval(1), interval(2));
}

TEST(Faithfulness, WhereInputsAreAlikeOrOneThereIsNoInterval) {
  const at::Tensor two = values({2, 2, 2}), one = values({1, 1, 1});
  EXPECT_FALSE(faithfulness(two, two, one, {}).interval.exists());
  EXPECT_FALSE(faithfulness(values({2}), values({3}), values({1}), {}).interval.exists());
  const at::Tensor rounded = values({2, 2 + 1e-7, 2 - 1e-7});  // one input in three batches
  EXPECT_FALSE(faithfulness(rounded, values({3, 3, 3}), one, {}).interval.exists());
  const Faithfulness undefined = faithfulness(two, one, one, {});
  EXPECT_TRUE(std::isnan(undefined.normalised));
  EXPECT_FALSE(undefined.interval.exists());
}

// A network that does no better than nothing: any faithfulness goes with that.
TEST(Faithfulness, IsUnboundedWhereTheNetworkMayDoNothing) {
  const Faithfulness result =
      faithfulness(values({1, 2, 3, 4}), values({1, -1, 2, -1}), values({0, 0, 0, 0}), {});
  EXPECT_EQ(to_json(result)["interval"].dump(), "[null,null]");
}

// m(M) = 1 and m(∅) = 0 everywhere, so faithfulness is the mean of m(C): its interval must hold the
// true mean 0 in about 95 of 100 samples.
TEST(Faithfulness, ItsIntervalCoversTheTruth) {
  statistics::Engine engine(1);
  std::normal_distribution<double> normal;
  const at::Tensor one = at::ones({40}, torch::kFloat64), zero = at::zeros_like(one);
  int covered = 0;
  constexpr int kSamples = 300;
  for (int i = 0; i < kSamples; ++i) {
    std::vector<double> sample(40);
    for (double& x : sample) x = normal(engine);
    const statistics::Interval interval =
        faithfulness(values(sample), one, zero, {.resamples = 400, .seed = engine()}).interval;
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  EXPECT_GE(covered, kSamples * 0.92);
  EXPECT_LE(covered, kSamples * 0.99);
}

TEST(Measure, AllEdgesAreTheNetworkAndNoneAreNothing) {
  const RandomExperiment random(true, false, 40);
  for (const std::string& ablation : interp::names_of(ablations())) {
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
  statistics::Engine engine(1);
  const Measures measures = measure(evaluation, random_circuit(random.graph, 12, engine));
  int64_t agree = 0, right = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const int64_t answer = measures.circuit.logits[i].argmax().item<int64_t>();
    agree += answer == evaluation.network().logits[i].argmax().item<int64_t>();
    right += random.data.right[i][evaluation.answer_tokens()[answer]].item<bool>();
  }
  EXPECT_EQ(measures.agreement.hits, agree);
  EXPECT_EQ(measures.circuit_right.hits, right);
  EXPECT_EQ(measures.agreement.interval, statistics::rate_interval(agree, 40, 0.95));
}

// Four answers, of which each input names two: the network's answer is one of all.
TEST(Measure, DecisionsAreAmongAllAnswersOfTheTask) {
  RandomExperiment random(true, false, 60);
  for (int64_t i = 0; i < 60; ++i) {  // the right one against one other
    random.data.wrong[i].fill_(false);
    random.data.wrong[i][3 + (i + 1) % 3] = true;
  }
  random.data.answers = at::tensor({0, 0, 1, 1, 1, 1, 0}).to(torch::kBool);
  const Evaluation evaluation(random.experiment("pair", "accuracy"));
  EXPECT_TRUE(evaluation.answer_tokens().equal(at::tensor({2, 3, 4, 5}, torch::kInt64)));
  const Measures measures = measure(evaluation, random.all());
  int64_t right = 0, pairwise = 0;
  for (int64_t i = 0; i < 60; ++i) {
    const at::Tensor logits = evaluation.network().logits[i];
    const int64_t wanted = i % 3 + 1, other = (i + 1) % 3 + 1;  // among 2, 3, 4, 5
    right += logits.argmax().item<int64_t>() == wanted;
    pairwise += logits[wanted].item<double>() > logits[other].item<double>();
  }
  EXPECT_EQ(measures.network_right.hits, right);
  EXPECT_NE(right, pairwise);
  EXPECT_NEAR(measures.faithfulness.network, right / 60.0, 1e-6);  // the metric says the same
  random.data.answers[4] = false;
  EXPECT_THROW(Evaluation(random.experiment()), std::invalid_argument);
}

TEST(Measure, OfAListFiguresHaveNoIntervals) {
  RandomExperiment random(true, false, 40);
  random.data.is_sample = false;
  statistics::Engine engine(1);
  const auto json =
      to_json(measure(Evaluation(random.experiment()), random_circuit(random.graph, 12, engine)));
  EXPECT_FALSE(json["independent"].get<bool>());
  EXPECT_TRUE(json["faithfulness"]["interval"].is_null());
  for (const char* rate : {"agreement", "empty_agreement", "network_right", "circuit_right"})
    EXPECT_TRUE(json[rate]["interval"].is_null()) << rate;
  EXPECT_TRUE(json["faithfulness"]["normalised"].is_number());
}

TEST(Measure, JsonSaysWhatWasMeasuredHow) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment("mean", "probability"));
  statistics::Engine engine(1);
  const auto json = to_json(measure(evaluation, random_circuit(random.graph, 12, engine)));
  EXPECT_EQ(json["ablation"], "mean");
  EXPECT_EQ(json["metric"], "probability");
  EXPECT_EQ(json["inputs"], 40);
  EXPECT_EQ(json["agreement"]["n"], 40);
  EXPECT_EQ(json["faithfulness"]["interval"].size(), 2U);
  EXPECT_EQ(json["self_check"]["inputs"], 40);
}

}  // namespace measures_test
}  // namespace assay::circuits
