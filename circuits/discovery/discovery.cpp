#include "circuits/discovery/discovery.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>
#include <mutex>
#include <stdexcept>

#include "circuits/components/self_check.h"
#include "circuits/discovery/acdc.h"
#include "interp/execution/chunks.h"
#include "interp/names.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kScoreMemory = 4.0 * (1 << 30);  // bytes of scores per input

const interp::Names<Method> kMethods = {{Method::Exact, "exact"},
                                        {Method::Eap, "eap"},
                                        {Method::EapIg, "eap-ig"},
                                        {Method::EapIgLeft, "eap-ig-left"},
                                        {Method::Acdc, "acdc"}};

Tensor effects(const Experiment& experiment, const DiscoveryConfig& config,
               const PatchBatch& batch) {
  switch (config.method) {
    case Method::Eap:
      return eap_effects(experiment, batch);
    case Method::EapIg:
      return eap_ig_effects(experiment, batch, config.steps, IgPoints::Right);
    case Method::EapIgLeft:
      return eap_ig_effects(experiment, batch, config.steps, IgPoints::Left);
    default:
      return exact_effects(experiment, batch);
  }
}

// Runs the chunks of inputs side by side; `use` is told the effects [batch, rows, columns] of each.
void for_each_chunk(
    const Experiment& experiment, const DiscoveryConfig& config, const Progress& on_progress,
    const std::function<void(const interp::Chunk& chunk, const Tensor& effects)>& use) {
  const Ablator ablator(experiment.model, experiment.graph, experiment.data, experiment.readout,
                        experiment.ablation, experiment.seed);
  const interp::Chunks chunks = chunks_of(experiment.data);
  std::vector<char> changed(chunks.count());
  std::mutex mutex;
  int64_t done = 0;
  chunks.for_each([&](const interp::Chunk& chunk) {
    const PatchBatch batch = make_batch(experiment, ablator, chunk.first, chunk.count);
    changed[chunk.index] = changes_something(experiment, batch);
    use(chunk, effects(experiment, config, batch));
    const std::lock_guard lock(mutex);
    done += chunk.count;
    if (on_progress) on_progress(done, chunks.items());
  });
  require_change(experiment, changed);
}

EdgeScores mean_of_inputs(const Experiment& experiment, const DiscoveryConfig& config,
                          const Progress& on_progress) {
  const int64_t n = experiment.data.size(), n_chunks = chunks_of(experiment.data).count();
  std::vector<Tensor> sums(n_chunks), squares(n_chunks);
  for_each_chunk(experiment, config, on_progress,
                 [&](const interp::Chunk& chunk, const Tensor& effects) {
                   const Tensor effect = effects.to(torch::kFloat64);
                   sums[chunk.index] = effect.sum(0);
                   squares[chunk.index] = effect.square().sum(0);
                 });
  const auto total = [&](const std::vector<Tensor>& parts) {
    Tensor sum = parts[0];
    for (size_t i = 1; i < parts.size(); ++i) sum = sum + parts[i];
    return sum;
  };
  const Tensor mean = total(sums) / n;
  const Tensor variance = (total(squares) - mean.square() * n).clamp_min(0) / (n - 1);
  return {.mean = mean,
          .standard_error = experiment.data.has_spread()
                                ? (variance / n).sqrt()
                                : at::full_like(mean, std::numeric_limits<double>::quiet_NaN()),
          .kept = {},
          .inputs = n};
}

void validate(const DiscoveryConfig& config) {
  if (config.steps < 1) throw std::invalid_argument("eap-ig: expected at least one step");
  if (!(config.threshold >= 0)) throw std::invalid_argument("acdc: expected a threshold >= 0");
}

}  // namespace

std::string to_string(Method method) {
  return interp::name_of(method, kMethods);
}

Method parse_method(const std::string& name) {
  return interp::value_of(name, kMethods, "method");
}

EdgeScores score_edges(const Experiment& experiment, const DiscoveryConfig& config,
                       const Progress& on_progress) {
  validate(experiment);
  validate(config);
  if (config.method == Method::Acdc) {
    const Ablator ablator(experiment.model, experiment.graph, experiment.data, experiment.readout,
                          experiment.ablation, experiment.seed);
    return acdc(experiment, ablator, config.threshold, on_progress);
  }
  return mean_of_inputs(experiment, config, on_progress);
}

Tensor per_input_effects(const Experiment& experiment, const DiscoveryConfig& config,
                         const Progress& on_progress) {
  validate(experiment);
  validate(config);
  if (config.method == Method::Acdc)
    throw std::invalid_argument(
        "acdc: its decisions are about all inputs together; take another method for scores per "
        "input");
  const int64_t n = experiment.data.size();
  const double bytes =
      4.0 * static_cast<double>(n) * static_cast<double>(experiment.graph.n_edges());
  if (bytes > kScoreMemory)
    throw std::invalid_argument(fmt::format(
        "scores per input: {} inputs and {} edges take {:.1f} GiB, at most {:.0f} are used; use "
        "fewer inputs",
        n, experiment.graph.n_edges(), bytes / (1 << 30), kScoreMemory / (1 << 30)));
  Tensor all = at::empty({n, experiment.graph.rows(), experiment.graph.columns()}, torch::kFloat32);
  for_each_chunk(experiment, config, on_progress,
                 [&](const interp::Chunk& chunk, const Tensor& effects) {
                   all.narrow(0, chunk.first, chunk.count).copy_(effects.detach());
                 });
  return all;
}

}  // namespace assay::circuits
