// What the main job spends its time on: runs of the 2-SAT network, with the rate of the matrix
// products that they need.

#include <benchmark/benchmark.h>
#include <torch/types.h>

#include "interp/network/network.h"
#include "interp/tracing/plan.h"
#include "tasks/registry.h"

namespace assay {
namespace {

constexpr int64_t kBatch = 128;

// The yardstick of tools/benchmark: what the MLPs of these networks multiply, on 32 inputs.
void Product(benchmark::State& state) {
  const at::Tensor a = at::rand({1312, 128}), b = at::rand({128, 512});
  for (auto _ : state) benchmark::DoNotOptimize(at::matmul(a, b));
}
BENCHMARK(Product)->Unit(benchmark::kMillisecond);

struct Setting {
  explicit Setting(int64_t batch = kBatch)
      : task(tasks::make_task("two-sat")),
        model(task->need<tasks::Recipes>().of("reference").model) {
    interp::initialise(model, {.seed = 1});
    tokens = task->sample(tasks::Part::Test, 1, 0, batch).tokens;
  }

  void run(benchmark::State& state, const std::vector<interp::Site>& sites) const {
    const at::NoGradGuard no_grad;
    const auto batch = static_cast<double>(tokens.size(0));
    for (auto _ : state)
      benchmark::DoNotOptimize(model.trace(tokens, {.record = sites, .overwrite = {}}));
    const interp::Plan plan(model.places(), sites, {}, tokens.size(1));
    state.counters["inputs/s"] =
        benchmark::Counter(batch, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * batch * plan.multiply_adds(),
                                                   benchmark::Counter::kIsIterationInvariantRate);
  }

  std::unique_ptr<tasks::Task> task;
  interp::Transformer model;
  at::Tensor tokens;
};

void AllLogits(benchmark::State& state) {
  Setting(state.range(0)).run(state, {{.place = interp::hook::logits()}});
}
void Decision(benchmark::State& state) {
  const Setting setting;
  setting.run(state, {{.place = interp::hook::logits(), .positions = {setting.task->readout()}}});
}
// The decision, the positions after block 1 that hold clauses, and the neurons of block 2.
void WhatTheCheckerRecords(benchmark::State& state) {
  const Setting setting;
  const int64_t readout = setting.task->readout();
  interp::Positions clauses;
  for (int64_t i = 0; i < 10; ++i) clauses.push_back(4 * i + 3);
  setting.run(state, {{.place = interp::hook::logits(), .positions = {readout}},
                      {.place = interp::hook::resid_post(0), .positions = clauses},
                      {.place = interp::hook::mlp_post(1), .positions = {readout}}});
}
BENCHMARK(AllLogits)->Arg(1)->Arg(32)->Arg(kBatch)->Arg(500)->Unit(benchmark::kMillisecond);
BENCHMARK(Decision)->Unit(benchmark::kMillisecond);
BENCHMARK(WhatTheCheckerRecords)->Unit(benchmark::kMillisecond);

void DrawFormulas(benchmark::State& state) {
  const auto task = tasks::make_task("two-sat");
  int64_t first = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(task->sample(tasks::Part::Test, 1, first, kBatch).tokens);
    first += kBatch;
  }
  state.counters["inputs/s"] =
      benchmark::Counter(kBatch, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(DrawFormulas)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay
