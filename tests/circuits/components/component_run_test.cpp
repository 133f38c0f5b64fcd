// Networks of every building block, run component by component: the graph of all edges is the
// network, whatever it is made of.

#include "circuits/components/component_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <random>

#include "circuits/components/circuit_file.h"
#include "circuits/components/self_check.h"
#include "circuits/discovery/discovery.h"
#include "tests/circuits/random_experiment.h"
#include "tests/interp/blocks.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace component_run_test {

using at::Tensor;
using interp::NamedConfig;
using interp::TransformerConfig;

double largest(const Tensor& x) {
  return x.abs().max().item<double>();
}

/// The same network with an alphabet that the experiments' inputs and answers fit into.
TransformerConfig fitted(TransformerConfig config) {
  config.d_vocab = 7;
  config.d_output = 0;
  config.n_ctx = RandomExperiment::kPositions + 1;
  config.d_model = 12;
  return config;
}

bool has_circuits(const TransformerConfig& config) {
  return config.causal && config.pool == interp::Pooling::None && config.norm != interp::Norm::Post;
}

std::vector<NamedConfig> networks_with_circuits(int random_ones) {
  std::vector<NamedConfig> networks;
  for (const auto& [name, config] : interp::networks_of_blocks())
    if (has_circuits(config)) networks.push_back({name, fitted(config)});
  std::mt19937_64 random(41);
  while (random_ones > 0) {
    const TransformerConfig config = interp::random_config(random);
    if (!has_circuits(config)) continue;
    networks.push_back({to_json(config).dump(), fitted(config)});
    --random_ones;
  }
  return networks;
}

TEST(ComponentRun, AllEdgesAreTheNetworkAndNoneTheAblatedOne) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, config] : networks_with_circuits(60)) {
    SCOPED_TRACE(name);
    for (const bool by_position : {false, true}) {
      const RandomExperiment random(config, by_position, 4);
      for (const std::string ablation : {"pair", "mean-per-position", "zero"}) {
        const Experiment experiment = random.experiment(ablation);
        const Ablator ablator = experiment.ablator();
        const PatchBatch batch = make_batch(experiment, ablator, 0, 4);
        const SelfCheck check =
            self_check(experiment, ablator, batch, 0, run_circuit(experiment, batch, random.full()),
                       run_circuit(experiment, batch, 1 - random.full()));
        EXPECT_LE(check.full, 1e-5 * check.scale) << ablation;
        EXPECT_LE(check.empty, 1e-5 * check.scale) << ablation;
      }
    }
  }
}

TEST(ComponentRun, ExactEffectsAreThoseOfWholeRunsWithOneEdgeCut) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, config] : networks_with_circuits(12)) {
    SCOPED_TRACE(name);
    for (const bool by_position : {false, true}) {
      const RandomExperiment random(config, by_position, 3);
      const Experiment experiment = random.experiment();
      const PatchBatch batch = random.batch(experiment);
      const auto metric = [&](const Tensor& keep) {
        return score(experiment.metric, run_circuit(experiment, batch, keep), batch.network,
                     batch.data);
      };
      const Tensor effects = exact_effects(experiment, batch).flatten(1);
      const Tensor whole = metric(random.full());
      const double scale = largest(effects);
      ASSERT_GT(scale, 1e-3);
      for (int64_t id = 0; id < random.graph.n_edges(); id += by_position ? 7 : 1) {
        Tensor keep = random.full();
        keep.view({-1})[id] = 0;
        ASSERT_LT(largest(effects.select(1, id) - (whole - metric(keep))),
                  1e-5 * std::max(1.0, scale))
            << random.graph.name(id);
      }
    }
  }
}

TEST(ComponentRun, EapIsTheGradientOfTheMask) {
  for (const auto& [name, config] : networks_with_circuits(12)) {
    SCOPED_TRACE(name);
    const RandomExperiment random(config, false, 3);
    const Experiment experiment = random.experiment();
    const PatchBatch batch = random.batch(experiment);
    Tensor keep = random.full().requires_grad_(true);
    score(experiment.metric, run_circuit(experiment, batch, keep), batch.network, batch.data)
        .sum()
        .backward();
    EXPECT_LT(largest(eap_effects(experiment, batch).sum(0) - keep.grad()),
              1e-5 * std::max(1.0, largest(keep.grad())));
  }
}

class BlocksInFiles : public interp::Scratch {};

TEST_F(BlocksInFiles, CircuitsKeepTheFormOfTheirBlocks) {
  for (const auto& [name, config] : networks_with_circuits(0)) {
    SCOPED_TRACE(name);
    const RandomExperiment random(config, false, 2);
    const CircuitFile file{.circuit = {.graph = random.graph, .kept = random.all(), .scores = {}},
                           .d_model = config.d_model};
    save_circuit(file, at("circuit.json"));
    const CircuitFile read = load_circuit(at("circuit.json"));
    EXPECT_EQ(read.circuit.graph, random.graph);
    EXPECT_NO_THROW(require_fits(read, random.model.places()));
    TransformerConfig other = config;
    other.blocks = config.blocks == interp::BlockForm::Sequential ? interp::BlockForm::Parallel
                                                                  : interp::BlockForm::Sequential;
    if (config.d_mlp == 0) {
      other = config;
      other.d_mlp = 3;
    }
    EXPECT_THROW(require_fits(read, interp::Transformer(other).places()), std::invalid_argument);
  }
}

}  // namespace component_run_test
}  // namespace assay::circuits
