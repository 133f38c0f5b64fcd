// Fitting SLALOM to a hundred features: v ~ N(0, 3²), s ~ N(0, 1.5²), 500 queries of up to three
// features. What the model itself takes to answer is not counted.

#include <benchmark/benchmark.h>
#include <torch/types.h>

#include <cmath>

#include "interp/attribution/slalom/adam_fit.h"
#include "interp/attribution/slalom/closed_form.h"
#include "interp/attribution/slalom/joint_fit.h"
#include "interp/attribution/slalom/sampling.h"

namespace assay::interp::attribution::slalom {
namespace {

constexpr int64_t kFeatures = 100, kQueries = 500;
const JointConfig kConfig = {.spread = 5};  // of the preset `short`

at::Tensor normal(double deviation, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::normal(0.0, deviation, {kFeatures}, generator, torch::kFloat64);
}

Slalom oracle() {
  return centred({normal(3, 1), normal(1.5, 2)}, kFeatures);
}

/// Scores are rounded to float32, as a network's are.
Observations answers(const std::vector<Sample>& samples) {
  Observations data{{.n_features = kFeatures, .rows = {}}, {}};
  for (const Sample& sample : samples) data.bags.rows.push_back(bag_of(sample));
  data.scores = predict(oracle(), data.bags).to(torch::kFloat32).to(torch::kFloat64);
  return data;
}

void report(benchmark::State& state, const Slalom& fit) {
  const Slalom truth = oracle();
  const auto rmse = [](const at::Tensor& difference) {
    return std::sqrt(difference.square().mean().item<double>());
  };
  state.counters["rmse_value"] = rmse(fit.value - truth.value);
  state.counters["rmse_importance"] = rmse(centred(fit, kFeatures).importance - truth.importance);
}

void SlalomJointFit(benchmark::State& state) {
  const Observations data = answers(short_samples(kFeatures, kQueries, 3, 3, 1));
  Slalom fit;
  for (auto _ : state) fit = fit_jointly(data, mean_of_values(data), kConfig).model;
  report(state, fit);
}
// As `--method slalom` does: the closed form's queries first, then pairs and triples.
void SlalomJointFitFromClosedForm(benchmark::State& state) {
  const ClosedForm solved = closed_form([](const auto& s) { return answers(s).scores; }, kFeatures);
  const Observations data =
      joined(solved.asked,
             answers(short_samples(kFeatures, kQueries - solved.asked.bags.size(), 2, 3, 1)));
  Slalom fit;
  for (auto _ : state) fit = fit_jointly(data, solved.model, kConfig).model;
  report(state, fit);
}
void SlalomEffAsPublished(benchmark::State& state) {
  const Observations data = answers(short_samples(kFeatures, 512, 3, 3, 1));
  Slalom fit;
  for (auto _ : state) fit = fit_by_adam(data);
  report(state, fit);
}
BENCHMARK(SlalomJointFit)->Unit(benchmark::kMillisecond);
BENCHMARK(SlalomJointFitFromClosedForm)->Unit(benchmark::kMillisecond);
BENCHMARK(SlalomEffAsPublished)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::interp::attribution::slalom
