#include "circuits/discovery/discovery.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>
#include <stdexcept>

#include "circuits/components/self_check.h"
#include "circuits/discovery/acdc.h"
#include "interp/execution/chunks.h"
#include "interp/execution/parallel.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kScoreMemory = 4.0 * (1 << 30);  // bytes of scores per input

// Runs chunks of inputs side by side; `use` is told the effects [batch, rows, columns] of each, and
// whether the ablation changes anything there.
void for_each_chunk(const Experiment& experiment, const Effects& effects_of,
                    const std::vector<int64_t>& wanted, const Watch& watch,
                    const std::function<void(const interp::Chunk& chunk, const Tensor& effects,
                                             bool changed)>& use) {
  const Ablator ablator = experiment.ablator();
  const interp::Chunks chunks = chunks_of(experiment.data);
  std::mutex mutex;
  int64_t done = 0;
  int64_t all = 0;
  for (const int64_t index : wanted) all += chunks[index].count;
  interp::parallel_for(std::ssize(wanted), [&](int64_t i) {
    if (watch.is_stopped()) return;
    const interp::Chunk chunk = chunks[wanted[i]];
    const PatchBatch batch = make_batch(experiment, ablator, chunk.first, chunk.count);
    use(chunk, effects_of(batch), changes_something(experiment, batch));
    const std::lock_guard lock(mutex);
    done += chunk.count;
    if (watch.on_progress) watch.on_progress(done, all);
  });
}

std::vector<int64_t> all_chunks(const Experiment& experiment) {
  std::vector<int64_t> chunks(chunks_of(experiment.data).count());
  std::iota(chunks.begin(), chunks.end(), 0);
  return chunks;
}

// --- the methods

Discoverer exact() {
  return {.name = "exact",
          .help = "cut each edge on its own",
          .effects = [](const Experiment& experiment, const interp::OptionValues&) -> Effects {
            return [&](const PatchBatch& batch) { return exact_effects(experiment, batch); };
          }};
}

// An edge whose effects cancel out on average still carries something. Of a list of all inputs, the
// edges of positive score are those that matter at all, one at a time, under this ablation.
Discoverer largest() {
  return {.name = "largest",
          .help = "cut each edge on its own; its largest effect on any input, without sign",
          .on_all = [](const Experiment& experiment, const interp::OptionValues&,
                       const Progress& on_progress) {
            const std::vector<int64_t> chunks = all_chunks(experiment);
            std::vector<char> changed;
            Tensor most;
            std::mutex mutex;
            for_each_chunk(
                experiment,
                [&](const PatchBatch& batch) { return exact_effects(experiment, batch); }, chunks,
                {.on_progress = on_progress},
                [&](const interp::Chunk&, const Tensor& effects, bool has_changed) {
                  const Tensor of_chunk = effects.to(torch::kFloat64).abs().amax(0);
                  const std::lock_guard lock(mutex);
                  most = most.defined() ? at::maximum(most, of_chunk) : of_chunk;
                  changed.push_back(has_changed);
                });
            require_change(experiment.ablation, changed);
            return EdgeScores{
                .mean = most,
                .standard_error = at::full_like(most, std::numeric_limits<double>::quiet_NaN()),
                .kept = {},
                .inputs = experiment.data.size()};
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

/// @throws std::invalid_argument for methods that do not go input by input.
Effects effects_by_input(const Experiment& experiment, const DiscoveryConfig& config) {
  const Discoverer& discoverer = discoverers().at(config.method);
  if (!discoverer.effects)
    throw std::invalid_argument(fmt::format(
        "{}: its decisions are about all inputs together; take another method for scores per input",
        discoverer.name));
  return discoverer.effects(experiment, options_of(discoverer, config));
}

}  // namespace

interp::Registry<Discoverer>& discoverers() {
  static interp::Registry<Discoverer> all(
      "method",
      {exact(), eap(),
       eap_ig("eap-ig", "gradients averaged on the way to the clean input", IgPoints::Right),
       eap_ig("eap-ig-left", "the same, at the points of its authors' code", IgPoints::Left),
       automatic_discovery(), largest()});
  return all;
}

EdgeScores score_edges(const Experiment& experiment, const DiscoveryConfig& config,
                       const Progress& on_progress) {
  validate(experiment);
  const Discoverer& discoverer = discoverers().at(config.method);
  const interp::OptionValues options = options_of(discoverer, config);
  if (discoverer.on_all) return discoverer.on_all(experiment, options, on_progress);
  const std::vector<int64_t> chunks = all_chunks(experiment);
  std::vector<ChunkSums> sums(chunks.size());
  sum_chunks(experiment, config, chunks,
             [&](int64_t chunk, ChunkSums of_chunk) { sums[chunk] = std::move(of_chunk); },
             {.on_progress = on_progress});
  return scores_of(sums, experiment.data.size(), experiment.data.has_spread(), experiment.ablation);
}

void sum_chunks(const Experiment& experiment, const DiscoveryConfig& config,
                const std::vector<int64_t>& chunks,
                const std::function<void(int64_t chunk, ChunkSums sums)>& use, const Watch& watch) {
  validate(experiment);
  std::mutex mutex;
  for_each_chunk(experiment, effects_by_input(experiment, config), chunks, watch,
                 [&](const interp::Chunk& chunk, const Tensor& effects, bool changed) {
                   const Tensor effect = effects.to(torch::kFloat64);
                   ChunkSums sums{effect.sum(0), effect.square().sum(0), changed};
                   const std::lock_guard lock(mutex);
                   use(chunk.index, std::move(sums));
                 });
}

EdgeScores scores_of(const std::vector<ChunkSums>& chunks, int64_t inputs, bool has_spread,
                     const std::string& ablation) {
  std::vector<char> changed;
  Tensor sum, square;
  for (const ChunkSums& chunk : chunks) {
    changed.push_back(chunk.changed);
    sum = sum.defined() ? sum + chunk.sum : chunk.sum;
    square = square.defined() ? square + chunk.square : chunk.square;
  }
  require_change(ablation, changed);
  const Tensor mean = sum / inputs;
  const Tensor variance = (square - mean.square() * inputs).clamp_min(0) / (inputs - 1);
  return {.mean = mean,
          .standard_error = has_spread
                                ? (variance / inputs).sqrt()
                                : at::full_like(mean, std::numeric_limits<double>::quiet_NaN()),
          .kept = {},
          .inputs = inputs};
}

Tensor per_input_effects(const Experiment& experiment, const DiscoveryConfig& config,
                         const Progress& on_progress) {
  validate(experiment);
  const Effects effects_of = effects_by_input(experiment, config);
  const int64_t n = experiment.data.size();
  const double bytes =
      4.0 * static_cast<double>(n) * static_cast<double>(experiment.graph.n_edges());
  if (bytes > kScoreMemory)
    throw std::invalid_argument(fmt::format(
        "scores per input: {} inputs and {} edges take {:.1f} GiB, at most {:.0f} are used; use "
        "fewer inputs",
        n, experiment.graph.n_edges(), bytes / (1 << 30), kScoreMemory / (1 << 30)));
  Tensor all = at::empty({n, experiment.graph.rows(), experiment.graph.columns()}, torch::kFloat32);
  std::vector<char> changed(all_chunks(experiment).size());
  for_each_chunk(experiment, effects_of, all_chunks(experiment), {.on_progress = on_progress},
                 [&](const interp::Chunk& chunk, const Tensor& effects, bool any) {
                   all.narrow(0, chunk.first, chunk.count).copy_(effects.detach());
                   changed[chunk.index] = any;
                 });
  require_change(experiment.ablation, changed);
  return all;
}

}  // namespace assay::circuits
