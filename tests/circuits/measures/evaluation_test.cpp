#include "circuits/measures/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "circuits/components/random_circuits.h"
#include "interp/network/network.h"
#include "tests/circuits/random_experiment.h"
#include "tests/interp/with_threads.h"

namespace assay::circuits {
namespace evaluation_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

// 40 inputs: a whole chunk and a part of one.
TEST(Evaluation, StreamsWhatOneBatchOfAllInputsGives) {
  const RandomExperiment random(true, false, 40);
  statistics::Engine engine(1);
  for (const std::string& ablation : interp::names_of(ablations())) {
    for (const std::string metric : {"logit-difference", "probability", "kl", "accuracy"}) {
      const Experiment experiment = random.experiment(ablation, metric);
      const Evaluation evaluation(experiment);
      const Ablator ablator = experiment.ablator();
      const PatchBatch batch = make_batch(experiment, ablator, 0, 40);
      const at::NoGradGuard no_grad;
      std::vector<at::Tensor> circuits;
      for (const int64_t edges : {0, 5, 20})
        circuits.push_back(random_circuit(random.graph, edges, engine));
      const at::Tensor metrics = evaluation.metrics(circuits);
      for (size_t i = 0; i < circuits.size(); ++i) {
        const at::Tensor logits = run_circuit(experiment, batch, circuits[i].to(torch::kFloat32));
        const at::Tensor expected = score(metric, logits, batch.network, random.data);
        EXPECT_TRUE(at::allclose(metrics[static_cast<int64_t>(i)], expected.to(torch::kFloat64),
                                 1e-4, 1e-5));
        EXPECT_TRUE(evaluation.run(circuits[i]).metric.equal(metrics[static_cast<int64_t>(i)]));
      }
      EXPECT_TRUE(metrics[0].equal(evaluation.empty().metric));
    }
  }
}

TEST(Evaluation, KnowsTheNetworkItself) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  const at::Tensor logits =
      interp::logits_at(random.model, random.data.clean, RandomExperiment::kPositions - 1);
  EXPECT_TRUE(evaluation.answer_tokens().equal(at::tensor({3, 4, 5}, torch::kInt64)));
  EXPECT_TRUE(at::allclose(evaluation.network().logits, logits.narrow(1, 3, 3), 1e-4, 1e-5));
  // All three answers are right or wrong for every input, the other four tokens for none.
  EXPECT_TRUE(evaluation.network().decision.equal(logits.narrow(1, 3, 3).argmax(1) + 3));
  EXPECT_EQ(evaluation.self_check().inputs, 40);
}

TEST(Evaluation, IsTheSameForAnyNumberOfThreads) {
  const RandomExperiment random(true, false, 100);
  statistics::Engine engine(2);
  const std::vector<at::Tensor> circuits = {random_circuit(random.graph, 7, engine),
                                            random_circuit(random.graph, 15, engine)};
  const auto run = [&](int threads) {
    const interp::WithThreads with(threads);
    return Evaluation(random.experiment("shuffle")).metrics(circuits);
  };
  EXPECT_TRUE(run(1).equal(run(3)));
}

TEST(Evaluation, TellsHowFarItIs) {
  const RandomExperiment random(true, false, 40);
  std::vector<std::pair<int64_t, int64_t>> told;
  const Evaluation evaluation(random.experiment(),
                              [&](int64_t done, int64_t of) { told.emplace_back(done, of); });
  evaluation.metrics({random.all(), random.none(), random.all()});
  ASSERT_EQ(told.size(), 6U);  // three circuits, two chunks
  EXPECT_EQ(told.back(), (std::pair<int64_t, int64_t>{120, 120}));
}

TEST(Evaluation, RefusesAMaskThatIsNone) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  EXPECT_THAT([&] { evaluation.run(random.all().to(torch::kFloat32)); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("expected kept edges as bool [1, ")));
  EXPECT_THROW(evaluation.metrics({random.all().narrow(1, 0, 3)}), std::invalid_argument);
}

TEST(Evaluation, RefusesPairsWhereThereAreNone) {
  RandomExperiment random(true, false, 40);
  random.data.corrupt = at::Tensor();
  EXPECT_THAT([&] { Evaluation evaluation(random.experiment("pair")); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("no counterfactual partners")));
}

}  // namespace evaluation_test
}  // namespace assay::circuits
