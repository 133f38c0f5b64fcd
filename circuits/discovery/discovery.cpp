#include "circuits/discovery/discovery.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>
#include <mutex>
#include <stdexcept>

#include "circuits/components/self_check.h"
#include "circuits/discovery/acdc.h"
#include "interp/execution/chunks.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kScoreMemory = 4.0 * (1 << 30);  // bytes of scores per input

// Runs the chunks of inputs side by side; `use` is told the effects [batch, rows, columns] of each.
void for_each_chunk(
    const Experiment& experiment, const Effects& effects_of, const Progress& on_progress,
    const std::function<void(const interp::Chunk& chunk, const Tensor& effects)>& use) {
  const Ablator ablator = experiment.ablator();
  const interp::Chunks chunks = chunks_of(experiment.data);
  std::vector<char> changed(chunks.count());
  std::mutex mutex;
  int64_t done = 0;
  chunks.for_each([&](const interp::Chunk& chunk) {
    const PatchBatch batch = make_batch(experiment, ablator, chunk.first, chunk.count);
    changed[chunk.index] = changes_something(experiment, batch);
    use(chunk, effects_of(batch));
    const std::lock_guard lock(mutex);
    done += chunk.count;
    if (on_progress) on_progress(done, chunks.items());
  });
  require_change(experiment, changed);
}

EdgeScores mean_of_inputs(const Experiment& experiment, const Effects& effects_of,
                          const Progress& on_progress) {
  const int64_t n = experiment.data.size(), n_chunks = chunks_of(experiment.data).count();
  std::vector<Tensor> sums(n_chunks), squares(n_chunks);
  for_each_chunk(experiment, effects_of, on_progress,
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

// --- the methods

Discoverer exact() {
  return {.name = "exact",
          .help = "cut each edge on its own",
          .effects = [](const Experiment& experiment, const interp::OptionValues&) -> Effects {
            return [&](const PatchBatch& batch) { return exact_effects(experiment, batch); };
          }};
}

Discoverer eap() {
  return {.name = "eap",
          .help = "edge attribution patching, one gradient",
          .effects = [](const Experiment& experiment, const interp::OptionValues&) -> Effects {
            return [&](const PatchBatch& batch) { return eap_effects(experiment, batch); };
          }};
}

Discoverer eap_ig(const std::string& name, const std::string& help, IgPoints points) {
  return {.name = name,
          .help = help,
          .options = {{"steps", "--steps", "points of eap-ig and eap-ig-left", 5}},
          .effects = [points](const Experiment& experiment,
                              const interp::OptionValues& options) -> Effects {
            const int64_t steps = options.at("steps");
            if (steps < 1) throw std::invalid_argument("eap-ig: expected at least one step");
            return [&experiment, steps, points](const PatchBatch& batch) {
              return eap_ig_effects(experiment, batch, steps, points);
            };
          }};
}

Discoverer automatic_discovery() {
  return {.name = "acdc",
          .help = "cut edges for good, from the output backwards",
          .options = {{"threshold", "--threshold",
                       "acdc cuts an edge if the metric changes by less", 0.01}},
          .on_all = [](const Experiment& experiment, const interp::OptionValues& options,
                       const Progress& on_progress) {
            const double threshold = options.at("threshold");
            if (!(threshold >= 0)) throw std::invalid_argument("acdc: expected a threshold >= 0");
            return acdc(experiment, experiment.ablator(), threshold, on_progress);
          }};
}

interp::OptionValues options_of(const Discoverer& discoverer, const DiscoveryConfig& config) {
  return interp::complete(discoverer.options, config.options, discoverer.name);
}

}  // namespace

interp::Registry<Discoverer>& discoverers() {
  static interp::Registry<Discoverer> all(
      "method",
      {exact(), eap(),
       eap_ig("eap-ig", "gradients averaged on the way to the clean input", IgPoints::Right),
       eap_ig("eap-ig-left", "the same, at the points of its authors' code", IgPoints::Left),
       automatic_discovery()});
  return all;
}

EdgeScores score_edges(const Experiment& experiment, const DiscoveryConfig& config,
                       const Progress& on_progress) {
  validate(experiment);
  const Discoverer& discoverer = discoverers().at(config.method);
  const interp::OptionValues options = options_of(discoverer, config);
  if (discoverer.on_all) return discoverer.on_all(experiment, options, on_progress);
  return mean_of_inputs(experiment, discoverer.effects(experiment, options), on_progress);
}

Tensor per_input_effects(const Experiment& experiment, const DiscoveryConfig& config,
                         const Progress& on_progress) {
  validate(experiment);
  const Discoverer& discoverer = discoverers().at(config.method);
  if (!discoverer.effects)
    throw std::invalid_argument(fmt::format(
        "{}: its decisions are about all inputs together; take another method for scores per input",
        discoverer.name));
  const Effects effects_of = discoverer.effects(experiment, options_of(discoverer, config));
  const int64_t n = experiment.data.size();
  const double bytes =
      4.0 * static_cast<double>(n) * static_cast<double>(experiment.graph.n_edges());
  if (bytes > kScoreMemory)
    throw std::invalid_argument(fmt::format(
        "scores per input: {} inputs and {} edges take {:.1f} GiB, at most {:.0f} are used; use "
        "fewer inputs",
        n, experiment.graph.n_edges(), bytes / (1 << 30), kScoreMemory / (1 << 30)));
  Tensor all = at::empty({n, experiment.graph.rows(), experiment.graph.columns()}, torch::kFloat32);
  for_each_chunk(experiment, effects_of, on_progress,
                 [&](const interp::Chunk& chunk, const Tensor& effects) {
                   all.narrow(0, chunk.first, chunk.count).copy_(effects.detach());
                 });
  return all;
}

}  // namespace assay::circuits
