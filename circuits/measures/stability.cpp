#include "circuits/measures/stability.h"

#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/components/circuit.h"
#include "circuits/components/random_circuits.h"
#include "interp/statistics/bootstrap.h"

namespace assay::circuits {
namespace {

using at::Tensor;

// Mean over all pairs of rows of `masks` [circuit, edge].
double mean_jaccard(const Tensor& masks) {
  const Tensor sets = masks.to(torch::kFloat64);
  const Tensor common = at::matmul(sets, sets.t());  // |A∩B|
  const Tensor sizes = common.diag();
  const Tensor together = sizes.unsqueeze(0) + sizes.unsqueeze(1) - common;
  const int64_t n = masks.size(0);
  const Tensor overlap = common / together.clamp_min(1);
  return (overlap.sum() - overlap.diag().sum()).item<double>() / static_cast<double>(n * (n - 1));
}

Tensor resample(statistics::Engine& engine, int64_t n) {
  return torch::tensor(statistics::draw_resample(engine, n), torch::kFloat64);
}

// A resample's means of the metrics [3, n] of circuit, network and empty circuit, as faithfulness.
double faithfulness_of(const Tensor& metrics, const Tensor& counts) {
  const Tensor means = at::mv(metrics, counts) / counts.sum();
  const double* m = means.data_ptr<double>();
  return normalised(m[0], m[1], m[2]);
}

}  // namespace

double jaccard(const Tensor& a, const Tensor& b) {
  const auto either = (a | b).sum().item<double>();
  return either == 0 ? 1 : (a & b).sum().item<double>() / either;
}

double verdict_flip_rate(const Tensor& circuit, const Tensor& network, const Tensor& empty,
                         double threshold, int64_t resamples, uint64_t seed) {
  if (resamples < 1) throw std::invalid_argument("verdict: expected at least one resample");
  const Tensor metrics = at::stack({circuit, network, empty});
  const int64_t n = metrics.size(1);
  const auto holds = [&](const Tensor& counts) {
    return faithfulness_of(metrics, counts) >= threshold;
  };
  const bool verdict = holds(at::ones({n}, torch::kFloat64));
  statistics::Engine engine(seed);
  int64_t flips = 0;
  for (int64_t i = 0; i < resamples; ++i) flips += holds(resample(engine, n)) != verdict;
  return static_cast<double>(flips) / static_cast<double>(resamples);
}

Stability stability(const Evaluation& evaluation, const StabilityConfig& config,
                    const Progress& on_progress) {
  if (config.edges < 1) throw std::invalid_argument("stability: expected at least one edge");
  if (config.resamples < 2)
    throw std::invalid_argument("stability: expected two or more resamples");
  const Experiment& experiment = evaluation.experiment();
  if (!experiment.data.has_spread())
    throw std::invalid_argument(
        "stability: resamples speak of other inputs only where there are two or more and they are "
        "independent draws");
  const int64_t n = evaluation.size();
  const Tensor effects = per_input_effects(experiment, config.discovery, on_progress).flatten(1);
  const auto top = [&](const Tensor& counts) {
    const Tensor scores = at::mv(effects.t(), counts.to(torch::kFloat32)) / static_cast<double>(n);
    return top_n(scores.view({experiment.graph.rows(), -1}), config.edges, config.is_signed);
  };
  statistics::Engine engine(config.seed);
  std::vector<Tensor> counts = {at::ones({n}, torch::kFloat64)}, circuits = {top(counts[0])};
  for (int64_t i = 0; i < config.resamples; ++i) {
    counts.push_back(resample(engine, n));
    circuits.push_back(top(counts.back()));
  }
  const Tensor metrics = evaluation.metrics(circuits);  // [1 + resamples, n]
  std::vector<double> values;
  for (size_t i = 0; i < counts.size(); ++i)
    values.push_back(
        faithfulness_of(at::stack({metrics[static_cast<int64_t>(i)], evaluation.network().metric,
                                   evaluation.empty().metric}),
                        counts[i]));

  const Tensor drawn = at::stack(circuits).slice(0, 1);  // without the circuit of all inputs
  Stability result{.config = config,
                   .inputs = n,
                   .kept = circuits[0],
                   .frequency = drawn.to(torch::kFloat64).mean(0),
                   .jaccard = mean_jaccard(drawn.flatten(1)),
                   .faithfulness = values[0]};
  values.erase(values.begin());
  result.spread = statistics::percentile_interval(values, config.confidence);
  result.flips = std::ranges::count_if(
      values, [&](double value) { return (value >= config.threshold) != result.verdict(); });
  for (const int64_t id : edge_ids(result.frequency > 0))
    result.chosen.push_back({evaluation.experiment().graph.name(id),
                             result.frequency.reshape({-1})[id].item<double>()});
  return result;
}

}  // namespace assay::circuits
