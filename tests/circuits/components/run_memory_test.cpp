#include "circuits/components/run_memory.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <vector>

#include "circuits/components/random_circuits.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace run_memory_test {

TEST(RunMemory, NumbersKeysAndKeepsTheirFirstValue) {
  RunMemory memory;
  EXPECT_EQ(memory.find("a").number, 0);
  EXPECT_EQ(memory.find("b").number, 1);
  EXPECT_EQ(memory.find("a").number, 0);
  EXPECT_FALSE(memory.find("a").value.defined());
  const at::Tensor value = at::ones({3});
  memory.keep("a", value);
  memory.keep("a", at::zeros({3}));
  EXPECT_TRUE(memory.find("a").value.is_same(value));
}

TEST(RunMemory, KeepsNoMoreThanFits) {
  RunMemory memory(16);
  for (const char* key : {"a", "b", "c"}) {
    memory.find(key);
    memory.keep(key, at::ones({2}));
  }
  EXPECT_TRUE(memory.find("b").value.defined());
  EXPECT_FALSE(memory.find("c").value.defined());
}

// Circuits of all sizes, each twice, and what lies beside each.
std::vector<at::Tensor> circuits_of(const ComponentGraph& graph) {
  statistics::Engine engine(5);
  std::vector<at::Tensor> circuits;
  for (const int64_t edges : {int64_t{0}, int64_t{1}, int64_t{4}, int64_t{9}, graph.n_edges() / 2,
                              graph.n_edges() - 1, graph.n_edges()})
    for (int i = 0; i < 2; ++i) {
      circuits.push_back(random_circuit(graph, edges, engine));
      circuits.push_back(circuits.back().logical_not());
    }
  const std::vector<at::Tensor> once = circuits;
  circuits.insert(circuits.end(), once.begin(), once.end());
  return circuits;
}

void expect_the_same_with_memory(const RandomExperiment& random) {
  const at::NoGradGuard no_grad;
  for (const char* ablation : {"pair", "mean", "zero", "mean-per-position"}) {
    const Experiment experiment = random.experiment(ablation);
    const PatchBatch batch = random.batch(experiment);
    RunMemory memory, too_small(1'000);
    for (const at::Tensor& circuit : circuits_of(random.graph)) {
      const at::Tensor keep = circuit.to(torch::kFloat32);
      const at::Tensor alone = run_circuit(experiment, batch, keep);
      EXPECT_TRUE(run_circuit(experiment, batch, keep, &memory).equal(alone)) << ablation;
      EXPECT_TRUE(run_circuit(experiment, batch, keep, &too_small).equal(alone)) << ablation;
    }
  }
}

TEST(RunMemory, ChangesNoBitOfAnyRun) {
  expect_the_same_with_memory(RandomExperiment(/*everything=*/true));
  expect_the_same_with_memory(RandomExperiment(/*everything=*/false, /*by_position=*/true));
}

TEST(RunMemory, ChangesNoBitWhereAttentionAndMlpStandSideBySide) {
  interp::TransformerConfig config = RandomExperiment::config(true);
  config.blocks = interp::BlockForm::ParallelOneNorm;
  expect_the_same_with_memory(RandomExperiment(config, /*by_position=*/false, 6));
}

// What a group depends on is all upstream of it, not its own edges alone: two circuits that differ
// in one early edge may share nothing after it.
TEST(RunMemory, TellsCircuitsApartByEachSingleEdge) {
  const at::NoGradGuard no_grad;
  const RandomExperiment random(true);
  const Experiment experiment = random.experiment();
  const PatchBatch batch = random.batch(experiment);
  RunMemory memory;
  run_circuit(experiment, batch, random.full(), &memory);
  for (int64_t edge = 0; edge < random.graph.n_edges(); ++edge) {
    at::Tensor keep = random.full();
    keep[0][edge] = 0.5;
    EXPECT_TRUE(
        run_circuit(experiment, batch, keep, &memory).equal(run_circuit(experiment, batch, keep)))
        << random.graph.name(edge);
  }
}

// A derivative by an edge that is cut needs what would come along it.
TEST(RunMemory, LeavesDerivativesByCutEdges) {
  const RandomExperiment random(true);
  const Experiment experiment = random.experiment();
  const PatchBatch batch = random.batch(experiment);
  at::Tensor keep = at::zeros_like(random.full()).requires_grad_();
  run_circuit(experiment, batch, keep).sum().backward();
  constexpr float kStep = 1e-2;
  for (const char* name : {"input->logits", "m0->logits", "a1.h0->logits"}) {
    const int64_t edge = random.graph.parse_edge(name);
    const at::NoGradGuard no_grad;
    const auto sum_at = [&](float weight) {
      at::Tensor moved = at::zeros_like(keep);
      moved[0][edge] = weight;
      return run_circuit(experiment, batch, moved).sum().item<float>();
    };
    EXPECT_NEAR(keep.grad()[0][edge].item<float>(), (sum_at(kStep) - sum_at(-kStep)) / (2 * kStep),
                2e-2)
        << name;
  }
}

}  // namespace run_memory_test
}  // namespace assay::circuits
