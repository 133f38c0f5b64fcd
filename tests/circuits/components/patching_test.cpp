#include "circuits/components/patching.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "circuits/components/component_run.h"
#include "interp/network/network.h"
#include "tests/circuits/random_experiment.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace patching_test {

using NHeads = std::vector<int64_t>;

using at::Tensor;
using interp::message_of;
using testing::HasSubstr;

double largest(const Tensor& x) {
  return x.abs().max().item<double>();
}

/// Layer norms, GELU and biases or none; a graph with or without positions.
class AnyNetwork : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  RandomExperiment random{std::get<0>(GetParam()), std::get<1>(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Circuits, AnyNetwork, testing::Combine(testing::Bool(), testing::Bool()));

TEST_P(AnyNetwork, KeepingEveryEdgeIsTheNetwork) {
  const at::NoGradGuard no_grad;
  for (const std::string& ablation : interp::names_of(ablations())) {
    const Experiment experiment = random.experiment(ablation);
    const PatchBatch batch = random.batch(experiment);
    const Tensor network = interp::logits_at(random.model, random.data.clean, experiment.readout);
    EXPECT_LT(largest(run_circuit(experiment, batch, random.full()) - network), 1e-5) << ablation;
  }
}

TEST_P(AnyNetwork, CuttingEveryEdgeIsFullAblation) {
  const at::NoGradGuard no_grad;
  Experiment experiment = random.experiment();
  const Tensor none = at::zeros_like(random.full());
  EXPECT_LT(largest(run_circuit(experiment, random.batch(experiment), none) -
                    interp::logits_at(random.model, random.data.corrupt, experiment.readout)),
            1e-5);
  experiment.ablation = "zero";
  Tensor biases = at::zeros({random.model.config().d_model});
  for (const auto& parameter : random.model.named_parameters())
    if (parameter.key().ends_with("attn.b_O")) biases = biases + parameter.value();
  EXPECT_LT(largest(run_circuit(experiment, random.batch(experiment), none) -
                    unembedded(random.model, biases)),
            1e-5);
}

// The fast path starts at the reader and shares the prefix; the slow one runs everything again.
void expect_fast_equals_slow(const RandomExperiment& random, const std::string& ablation) {
  const at::NoGradGuard no_grad;
  const Experiment experiment = random.experiment(ablation);
  const PatchBatch batch = random.batch(experiment);
  const auto metric = [&](const Tensor& keep) {
    return score(experiment.metric, run_circuit(experiment, batch, keep), batch.network,
                 batch.data);
  };
  const Tensor effects = exact_effects(experiment, batch).flatten(1);
  const Tensor whole = metric(random.full());
  const double scale = largest(effects);
  ASSERT_GT(scale, 1e-3);
  for (int64_t id = 0; id < random.graph.n_edges(); ++id) {
    Tensor keep = random.full();
    keep.view({-1})[id] = 0;
    ASSERT_LT(largest(effects.select(1, id) - (whole - metric(keep))), 1e-5 * std::max(1.0, scale))
        << random.graph.name(id) << " " << ablation;
  }
}

TEST_P(AnyNetwork, ExactEffectsAreThoseOfWholeRunsWithOneEdgeCut) {
  for (const std::string ablation : {"pair", "mean", "mean-per-position"})
    expect_fast_equals_slow(random, ablation);
}

TEST(Patching, ExactEffectsOnAll110EdgesOfTwoBlocksOfFourHeads) {
  const RandomExperiment random(true, false, 6, {4, 4});
  ASSERT_EQ(random.graph.n_edges(), 110);
  expect_fast_equals_slow(random, "pair");
}

TEST(Patching, TheMeanAblationIsTheMeanOfWhatIsWritten) {
  const RandomExperiment random(true);
  const Ablator ablator({random.model, random.graph, random.data, 4, 0}, "mean-per-position");
  const Outputs clean = clean_outputs(random.model, random.graph, random.data.clean, 4);
  const Outputs values = ablator.values(0, 2);
  for (size_t i = 0; i < clean.size(); ++i)
    EXPECT_LT(largest(values[i] - clean[i].mean(1, true)), 1e-6);
}

TEST(Patching, TheShuffleGivesNoInputBackToItself) {
  const RandomExperiment random(false, false, 50);
  Counterfactuals data = random.data;
  data.corrupt = Tensor();
  data.clean = at::arange(50).unsqueeze(1).remainder(7).repeat({1, 5}).contiguous();
  data.clean.select(1, 1).copy_(at::arange(50).floor_divide(7).remainder(7));  // all different
  data.clean.select(1, 2).copy_(at::arange(50).floor_divide(49));
  const Ablator ablator({random.model, random.graph, data, 4, 9}, "shuffle");
  const Tensor inputs = ablator.values(0, 50)[0][0].flatten(1);
  const Tensor own = clean_outputs(random.model, random.graph, data.clean, 4)[0][0].flatten(1);
  const Tensor same = (inputs.unsqueeze(1) - own).abs().amax(2) < 1e-6;  // [receiver, giver]
  EXPECT_TRUE(same.sum(1).eq(1).all().item<bool>());
  EXPECT_TRUE(same.sum(0).eq(1).all().item<bool>());
  EXPECT_EQ(same.diagonal().sum().item<int64_t>(), 0);
}

TEST(Patching, RefusesWhatDoesNotFit) {
  const RandomExperiment random(false);
  Experiment experiment = random.experiment();
  experiment.readout = 5;
  EXPECT_THAT(message_of([&] { validate(experiment); }), HasSubstr("position 5 is out of range"));
  const ComponentGraph other(NHeads{2, 2});
  const Experiment foreign{
      .model = random.model, .graph = other, .data = random.data, .readout = 4};
  EXPECT_THAT(message_of([&] { validate(foreign); }), HasSubstr("heads [2, 2]"));
  Counterfactuals no_partners = random.data;
  no_partners.corrupt = Tensor();
  EXPECT_THAT(message_of([&] {
                Ablator({random.model, random.graph, no_partners, 4, 0}, "pair");
              }),
              HasSubstr("no counterfactual partners"));
  EXPECT_THAT(message_of([] { ablations().at("median"); }), HasSubstr("pair, shuffle, mean"));
  EXPECT_THAT(message_of([] { metrics().at("loss"); }), HasSubstr("logit-difference, probability"));
}

}  // namespace patching_test
}  // namespace assay::circuits
