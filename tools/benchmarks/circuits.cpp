// Scoring all 110 edges of a network with 2 blocks of 4 heads, d_model 128, d_mlp 512, on 32 pairs
// of 41 tokens: the setting in which other tools were measured.

#include <benchmark/benchmark.h>
#include <torch/types.h>

#include "circuits/discovery/discovery.h"
#include "interp/network/transformer.h"

namespace assay::circuits {
namespace {

struct Setting {
  explicit Setting(int64_t positions = 0)
      : model({.d_vocab = 14, .n_ctx = 41, .n_heads = {4, 4}, .d_head = {32, 32}}),
        graph(model.places(), positions) {
    interp::initialise(model, {.seed = 3});
    auto generator = at::make_generator<at::CPUGeneratorImpl>(1);
    data.clean = at::randint(0, 14, {32, 41}, generator, torch::kInt64);
    data.corrupt = at::randint(0, 14, {32, 41}, generator, torch::kInt64);
    data.right = at::zeros({32, 14}, torch::kBool);
    data.right.select(1, 0).fill_(true);
    data.wrong = at::zeros({32, 14}, torch::kBool);
    data.wrong.select(1, 1).fill_(true);
  }

  // Everything that a user waits for: the runs on both inputs of each pair, and the scores.
  void score(benchmark::State& state, const DiscoveryConfig& config) const {
    const at::NoGradGuard no_grad;
    const Experiment experiment{.model = model, .graph = graph, .data = data, .readout = 40};
    for (auto _ : state) benchmark::DoNotOptimize(score_edges(experiment, config).mean);
    state.counters["edges"] = static_cast<double>(graph.n_edges());
  }

  interp::Transformer model;
  ComponentGraph graph;
  Counterfactuals data;
};

void Exact(benchmark::State& state) {
  Setting().score(state, {.method = "exact"});
}
void Eap(benchmark::State& state) {
  Setting().score(state, {.method = "eap"});
}
void EapIgFiveSteps(benchmark::State& state) {
  Setting().score(state, {.method = "eap-ig", .options = {{"steps", 5}}});
}
void EapByPosition(benchmark::State& state) {
  Setting(41).score(state, {.method = "eap"});
}
void Acdc(benchmark::State& state) {
  Setting().score(state, {.method = "acdc", .options = {{"threshold", 0.01}}});
}
BENCHMARK(Exact)->Unit(benchmark::kMillisecond);
BENCHMARK(Eap)->Unit(benchmark::kMillisecond);
BENCHMARK(EapIgFiveSteps)->Unit(benchmark::kMillisecond);
BENCHMARK(EapByPosition)->Unit(benchmark::kMillisecond);
BENCHMARK(Acdc)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::circuits
