#include "circuits/discovery/discovery.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "circuits/components/circuit.h"
#include "tests/circuits/random_experiment.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::circuits {
namespace discovery_test {

using at::Tensor;
using interp::message_of;
using testing::HasSubstr;

double largest(const Tensor& x) {
  return x.abs().max().item<double>();
}

class EdgesOfAnyNetwork : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  RandomExperiment random{std::get<0>(GetParam()), std::get<1>(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Discovery, EdgesOfAnyNetwork,
                         testing::Combine(testing::Bool(), testing::Bool()));

TEST_P(EdgesOfAnyNetwork, EapIsTheGradientOfTheMask) {
  for (const std::string metric : {"logit-difference", "probability"}) {
    const Experiment experiment = random.experiment("pair", metric);
    const PatchBatch batch = random.batch(experiment);
    Tensor keep = random.full().requires_grad_(true);
    score(metric, run_circuit(experiment, batch, keep), batch.network, batch.data).sum().backward();
    const Tensor eap = eap_effects(experiment, batch).sum(0);
    EXPECT_LT(largest(eap - keep.grad()), 1e-5 * largest(keep.grad())) << metric;
  }
}

TEST_P(EdgesOfAnyNetwork, EapIgWithOnePointIsEap) {  // the point is the clean input
  const Experiment experiment = random.experiment();
  const PatchBatch batch = random.batch(experiment);
  const Tensor one = eap_ig_effects(experiment, batch, 1);
  EXPECT_LT(largest(one - eap_effects(experiment, batch)), 1e-5 * largest(one));
}

// The two sums over m points share m - 1 of them: m times their difference is the gradient at the
// clean input less that at the ablated one.
TEST_P(EdgesOfAnyNetwork, EapIgsPointsDifferInTheirEnds) {
  const Experiment experiment = random.experiment();
  const PatchBatch batch = random.batch(experiment);
  const auto scores = [&](int64_t steps, IgPoints points) {
    return eap_ig_effects(experiment, batch, steps, points);
  };
  const Tensor ends = scores(1, IgPoints::Right) - scores(1, IgPoints::Left);
  const Tensor sums = 5 * (scores(5, IgPoints::Right) - scores(5, IgPoints::Left));
  EXPECT_GT(largest(ends), 1e-3);
  EXPECT_LT(largest(sums - ends), 2e-5 * largest(scores(1, IgPoints::Left)) + 1e-5);
}

TEST(Discovery, OneInputHasNoStandardError) {
  const RandomExperiment random(true, false, 1);
  for (const std::string method : {"exact", "eap-ig-left", "acdc"})
    EXPECT_TRUE(score_edges(random.experiment(), {.method = method})
                    .standard_error.isnan()
                    .all()
                    .item<bool>());
}

TEST(Discovery, EdgesIntoTheLogitsAreExactWithoutANorm) {  // the logit difference is linear in them
  const RandomExperiment random(false);
  const Experiment experiment = random.experiment();
  const PatchBatch batch = random.batch(experiment);
  const int64_t first = random.graph.first_edge(random.graph.readers().size() - 1);
  const Tensor exact = exact_effects(experiment, batch).slice(2, first);
  EXPECT_GT(largest(exact), 1e-3);
  for (const Tensor& scores :
       {eap_effects(experiment, batch), eap_ig_effects(experiment, batch, 3)})
    EXPECT_LT(largest(scores.slice(2, first) - exact), 1e-5);
}

TEST(Discovery, ScoresAreMeansWithStandardErrorsWhateverTheThreads) {
  const RandomExperiment random(true, false, 70);  // three chunks
  const Experiment experiment = random.experiment();
  const Tensor each = exact_effects(experiment, random.batch(experiment)).to(torch::kFloat64);
  std::vector<EdgeScores> scores;
  for (const int threads : {1, 2}) {
    const interp::WithThreads with(threads);
    scores.push_back(score_edges(experiment, {.method = "exact"}));
  }
  EXPECT_TRUE(at::equal(scores[0].mean, scores[1].mean));
  EXPECT_TRUE(at::equal(scores[0].standard_error, scores[1].standard_error));
  EXPECT_LT(largest(scores[0].mean - each.mean(0)), 1e-6);
  EXPECT_LT(largest(scores[0].standard_error - each.std(0) / std::sqrt(70.0)), 1e-6);
  EXPECT_EQ(scores[0].inputs, 70);
}

TEST(Discovery, AcdcCutsNothingAtZeroAndEverythingAtInfinity) {
  const RandomExperiment random(true);
  const Experiment experiment = random.experiment();
  const auto kept = [&](double threshold) {
    return score_edges(experiment, {.method = "acdc", .options = {{"threshold", threshold}}}).kept;
  };
  EXPECT_TRUE(kept(0).all().item<bool>());
  EXPECT_FALSE(kept(1e9).any().item<bool>());
  const Tensor some = kept(0.01);
  EXPECT_TRUE(some.any().item<bool>());
  EXPECT_FALSE(some.all().item<bool>());
}

// The first edge that ACDC tries is cut from the whole network.
TEST(Discovery, AcdcsFirstScoreIsTheExactEffect) {
  const RandomExperiment random(true);
  const Experiment experiment = random.experiment();
  const EdgeScores scores =
      score_edges(experiment, {.method = "acdc", .options = {{"threshold", 0.01}}});
  const Tensor exact = score_edges(experiment, {.method = "exact"}).mean;
  const int64_t last = random.graph.n_edges() - 1;
  EXPECT_NEAR(scores.mean.view({-1})[last].item<double>(), exact.view({-1})[last].item<double>(),
              1e-6);
}

TEST(Discovery, AnAblationThatChangesNothingIsAnError) {
  RandomExperiment random(false);
  random.data.corrupt = random.data.clean.clone();
  EXPECT_THAT(message_of([&] { score_edges(random.experiment(), {.method = "eap"}); }),
              HasSubstr("ablation 'pair' changes nothing"));
}

TEST(Discovery, RefusesNonsense) {
  const RandomExperiment random(false);
  EXPECT_THROW(score_edges(random.experiment(), {.method = "eap-ig", .options = {{"steps", 0}}}),
               std::invalid_argument);
  EXPECT_THROW(score_edges(random.experiment(), {.method = "acdc", .options = {{"threshold", -1}}}),
               std::invalid_argument);
  EXPECT_THAT(message_of([] { discoverers().at("sae"); }),
              HasSubstr("exact, eap, eap-ig, eap-ig-left, acdc"));
}

}  // namespace discovery_test
}  // namespace assay::circuits
