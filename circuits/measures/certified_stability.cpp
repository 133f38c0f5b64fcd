#include "circuits/measures/certified_stability.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit.h"
#include "circuits/components/random_circuits.h"
#include "interp/statistics/binomial.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/random.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr int64_t kDrawsAtOnce = 64;  // fixed, since sums of floats depend on it in their last bits

/// Rows are draws, 1 where an input is kept: float32 [draws, n], a function of each draw's place.
Tensor kept_inputs(const CertificationConfig& config, int64_t first, int64_t draws, int64_t n) {
  Tensor kept = at::empty({draws, n}, torch::kFloat32);
  auto* keep = kept.data_ptr<float>();
  for (int64_t draw = first; draw < first + draws; ++draw)
    for (int64_t input = 0; input < n; ++input)
      *keep++ = statistics::uniform_at(config.seed, draw, input) < config.deleted ? 0.F : 1.F;
  return kept;
}

void validate(const CertificationConfig& config) {
  if (config.edges < 1)
    throw std::invalid_argument("certified stability: expected at least one edge");
  if (config.draws < 1)
    throw std::invalid_argument("certified stability: expected at least one draw");
  if (!(config.deleted > 0 && config.deleted < 1))
    throw std::invalid_argument(
        fmt::format("certified stability: inputs are left out with a probability between 0 and 1, "
                    "got {}",
                    config.deleted));
}

/// The largest r with p^r > `bound`; bound < 1.
std::optional<int64_t> largest_power(double p, double bound, int64_t most) {
  if (bound >= 1) return std::nullopt;
  if (bound <= 0) return most;
  auto r = static_cast<int64_t>(
      std::min(std::floor(std::log(bound) / std::log(p)), static_cast<double>(most)));
  while (r > 0 && !(std::pow(p, static_cast<double>(r)) > bound)) --r;  // rounding, and equality
  return r;
}

Certificate certificate(const CertifiedStability& of, int64_t chosen) {
  const double each = statistics::bonferroni(of.confidence, 2 * of.of_edges);
  const double in = statistics::lower_bound({of.draws, chosen}, each);
  const double out = statistics::lower_bound({of.draws, of.draws - chosen}, each);
  const auto deletions = certified_deletions(std::max(in, out), of.deleted, of.inputs);
  if (!deletions) return {};
  return {.stays = in > out ? Stays::In : Stays::Out,
          .deletions = *deletions,
          .exchanges = certified_exchanges(std::max(in, out), of.deleted, of.inputs).value_or(0)};
}

}  // namespace

std::string to_string(Stays stays) {
  switch (stays) {
    case Stays::In:
      return "in";
    case Stays::Out:
      return "out";
    case Stays::Unknown:
      break;
  }
  return "abstained";
}

std::optional<int64_t> certified_deletions(double majority, double deleted, int64_t most) {
  return largest_power(deleted, 2 * (1 - majority), most);
}

std::optional<int64_t> certified_exchanges(double majority, double deleted, int64_t most) {
  return largest_power(deleted, 1.5 - majority, most);
}

void conclude(CertifiedStability& stability) {
  for (CertifiedEdge& edge : stability.chosen)
    edge.certificate = certificate(stability, edge.chosen);
  stability.others = certificate(stability, 0);
}

Tensor count_choices(const Tensor& effects, const CertificationConfig& config) {
  const int64_t n = effects.size(0);
  Tensor counts = at::zeros({effects.size(1)}, torch::kInt64);
  for (int64_t first = 0; first < config.draws; first += kDrawsAtOnce) {
    const int64_t draws = std::min(kDrawsAtOnce, config.draws - first);
    const Tensor kept = kept_inputs(config, first, draws, n);
    const Tensor sums = at::matmul(kept, effects.to(torch::kFloat32));  // ranked as means are
    for (int64_t draw = 0; draw < draws; ++draw)
      if (kept[draw].any().item<bool>())
        counts += top_n(sums[draw], config.edges, config.is_signed).to(torch::kInt64);
  }
  return counts;
}

CertifiedStability certify_stability(const Experiment& experiment,
                                     const CertificationConfig& config,
                                     const Progress& on_progress) {
  validate(config);
  const Tensor effects = per_input_effects(experiment, config.discovery, on_progress).flatten(1);
  const Tensor circuit = top_n(effects.mean(0), config.edges, config.is_signed);
  const Tensor counts = count_choices(effects, config);
  CertifiedStability result{.method = config.discovery.method,
                            .ablation = experiment.ablation,
                            .inputs = effects.size(0),
                            .edges = config.edges,
                            .of_edges = experiment.graph.n_edges(),
                            .deleted = config.deleted,
                            .draws = config.draws,
                            .confidence = config.confidence,
                            .seed = config.seed};
  for (const int64_t id : edge_ids(counts.gt(0) | circuit))
    result.chosen.push_back({.edge = experiment.graph.name(id),
                             .in_circuit = circuit[id].item<bool>(),
                             .chosen = counts[id].item<int64_t>()});
  conclude(result);
  return result;
}

}  // namespace assay::circuits
