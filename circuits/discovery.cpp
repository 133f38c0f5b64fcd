#include "circuits/discovery.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <mutex>
#include <stdexcept>

#include "circuits/acdc.h"
#include "circuits/names.h"
#include "interp/parallel.h"

namespace assay::circuits {
namespace {

using at::Tensor;

const Names<Method> kNames = {{Method::Exact, "exact"},
                              {Method::Eap, "eap"},
                              {Method::EapIg, "eap-ig"},
                              {Method::Acdc, "acdc"}};

Tensor effects(const Experiment& experiment, const DiscoveryConfig& config,
               const PatchBatch& batch) {
  switch (config.method) {
    case Method::Eap:
      return eap_effects(experiment, batch);
    case Method::EapIg:
      return eap_ig_effects(experiment, batch, config.steps);
    default:
      return exact_effects(experiment, batch);
  }
}

// Whether a cut edge would carry anything but what it carries anyway.
bool changes_something(const Experiment& experiment, const PatchBatch& batch) {
  const Outputs clean =
      clean_outputs(experiment.model, experiment.graph, batch.data.clean, experiment.readout);
  for (size_t i = 0; i < clean.size(); ++i)
    if (!at::equal(clean[i], batch.ablated[i].expand_as(clean[i]))) return true;
  return false;
}

EdgeScores mean_of_inputs(const Experiment& experiment, const DiscoveryConfig& config,
                          const Ablator& ablator, const Progress& on_progress) {
  const int64_t n = experiment.data.size(), n_chunks = (n + kChunk - 1) / kChunk;
  std::vector<Tensor> sums(n_chunks), squares(n_chunks);
  std::vector<char> changed(n_chunks);
  std::mutex mutex;
  int64_t done = 0;
  interp::parallel_for(n_chunks, [&](int64_t i) {
    const int64_t first = i * kChunk, count = std::min(kChunk, n - first);
    const PatchBatch batch = make_batch(experiment, ablator, first, count);
    changed[i] = changes_something(experiment, batch);
    const Tensor effect = effects(experiment, config, batch).to(torch::kFloat64);
    sums[i] = effect.sum(0);
    squares[i] = effect.square().sum(0);
    const std::lock_guard lock(mutex);
    done += count;
    if (on_progress) on_progress(done, n);
  });
  if (std::ranges::none_of(changed, [](char c) { return c != 0; }))
    throw std::invalid_argument(fmt::format(
        "ablation '{}' changes nothing on these inputs: no component's output differs from its "
        "ablation value, so no edge can have an effect",
        to_string(experiment.ablation)));
  const auto total = [&](const std::vector<Tensor>& parts) {
    Tensor sum = parts[0];
    for (size_t i = 1; i < parts.size(); ++i) sum = sum + parts[i];
    return sum;
  };
  const Tensor mean = total(sums) / n;
  const Tensor variance =
      (total(squares) - mean.square() * n).clamp_min(0) / std::max<int64_t>(1, n - 1);
  return {.mean = mean, .standard_error = (variance / n).sqrt(), .kept = {}, .inputs = n};
}

}  // namespace

std::string to_string(Method method) {
  return name_of(method, kNames);
}

Method parse_method(const std::string& name) {
  return value_of(name, kNames, "method");
}

EdgeScores score_edges(const Experiment& experiment, const DiscoveryConfig& config,
                       const Progress& on_progress) {
  validate(experiment);
  if (config.steps < 1) throw std::invalid_argument("eap-ig: expected at least one step");
  if (!(config.threshold >= 0)) throw std::invalid_argument("acdc: expected a threshold >= 0");
  const Ablator ablator(experiment.model, experiment.graph, experiment.data, experiment.readout,
                        experiment.ablation, experiment.seed);
  if (config.method == Method::Acdc)
    return acdc(experiment, ablator, config.threshold, on_progress);
  return mean_of_inputs(experiment, config, ablator, on_progress);
}

}  // namespace assay::circuits
