#include "circuits/measures/minimality.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "circuits/components/random_circuits.h"

namespace assay::circuits {
namespace {

using at::Tensor;
using EdgeSet = std::vector<int64_t>;

// ∅, and random subsets of the edges.
std::vector<EdgeSet> draw_sets(const EdgeSet& edges, const MinimalityConfig& config) {
  statistics::Engine engine(config.seed);
  std::vector<EdgeSet> sets = {{}};
  for (int64_t i = 0; i < config.sets; ++i) {
    const int64_t size = 1 + statistics::draw_below(engine, static_cast<int64_t>(edges.size()));
    sets.push_back(statistics::draw_from(engine, edges, size));
  }
  return sets;
}

// The other circuit of each comparison: without K and the edge or, if K holds it, with it again.
std::vector<Tensor> partners(const std::vector<Tensor>& without, int64_t edge) {
  std::vector<Tensor> circuits;
  for (const Tensor& circuit : without) {
    const bool present = circuit.view({-1})[edge].item<bool>();
    circuits.push_back(with_edges(circuit, {edge}, !present));
  }
  return circuits;
}

double standard_error(const Tensor& values, const Counterfactuals& data) {
  if (!data.has_spread()) return std::numeric_limits<double>::quiet_NaN();
  return values.std().item<double>() / std::sqrt(static_cast<double>(values.numel()));
}

}  // namespace

Minimality minimality(const Evaluation& evaluation, const Tensor& kept,
                      const MinimalityConfig& config) {
  if (config.sets < 0) throw std::invalid_argument("minimality: expected at least 0 sets");
  Minimality result{.scale = (evaluation.network().metric.mean() - evaluation.empty().metric.mean())
                                 .abs()
                                 .item<double>(),
                    .edges = {}};
  const EdgeSet edges = edge_ids(kept);
  if (edges.empty()) return result;
  const std::vector<EdgeSet> sets = draw_sets(edges, config);
  std::vector<Tensor> without;
  for (const EdgeSet& set : sets) without.push_back(with_edges(kept, set, false));
  const Tensor base = evaluation.metrics(without);  // [1 + sets, n]
  for (const int64_t edge : edges) {
    const Tensor change = base - evaluation.metrics(partners(without, edge));
    EdgeContribution contribution{
        .edge = evaluation.experiment().graph.name(edge),
        .alone = change[0].mean().item<double>(),
        .standard_error = standard_error(change[0], evaluation.experiment().data)};
    contribution.largest = contribution.alone;
    for (size_t i = 1; i < sets.size(); ++i) {
      const bool is_in_set = std::ranges::find(sets[i], edge) != sets[i].end();
      const double effect = change[i].mean().item<double>() * (is_in_set ? -1 : 1);
      if (std::abs(effect) <= std::abs(contribution.largest)) continue;
      contribution.largest = effect;
      contribution.set_size = static_cast<int64_t>(sets[i].size()) - (is_in_set ? 1 : 0);
    }
    result.edges.push_back(contribution);
  }
  return result;
}

}  // namespace assay::circuits
