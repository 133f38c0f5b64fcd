#include "circuits/measures/completeness.h"

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

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class Removal {
 public:
  Removal(const Evaluation& evaluation, const Tensor& kept, const CompletenessConfig& config)
      : evaluation_(evaluation),
        circuit_(kept),
        network_(at::ones_like(kept)),
        edges_(edge_ids(kept)),
        config_(config),
        engine_(config.seed) {}

  std::vector<RemovedSet> random_sets() {
    std::vector<EdgeSet> sets;
    for (int64_t i = 0; i < config_.random_sets; ++i) {
      const int64_t size = 1 + statistics::draw_below(engine_, static_cast<int64_t>(edges_.size()));
      sets.push_back(statistics::draw_from(engine_, edges_, size));
    }
    return removed(sets, /*is_greedy=*/false);
  }

  RemovedSet greedy_set() {
    RemovedSet best;
    EdgeSet set, left = edges_;
    for (int64_t step = 0; step < config_.greedy_steps && !left.empty(); ++step) {
      std::vector<EdgeSet> sets;
      for (const int64_t edge : statistics::draw_from(engine_, left, config_.greedy_candidates)) {
        sets.push_back(set);
        sets.back().push_back(edge);
      }
      const std::vector<RemovedSet> tried = removed(sets, /*is_greedy=*/true);
      const auto next = std::ranges::max_element(tried, {}, &RemovedSet::incompleteness);
      if (best.edges.empty() || next->incompleteness() > best.incompleteness()) best = *next;
      set = sets[next - tried.begin()];
      std::erase(left, set.back());
    }
    return best;
  }

 private:
  std::vector<RemovedSet> removed(const std::vector<EdgeSet>& sets, bool is_greedy) const {
    std::vector<Tensor> circuits;
    for (const EdgeSet& set : sets) {
      circuits.push_back(with_edges(circuit_, set, false));
      circuits.push_back(with_edges(network_, set, false));
    }
    const Tensor means = evaluation_.metrics(circuits).mean(1);
    std::vector<RemovedSet> result;
    for (size_t i = 0; i < sets.size(); ++i)
      result.push_back({edge_names(evaluation_.experiment().graph, sets[i]),
                        means[2 * i].item<double>(), means[2 * i + 1].item<double>(), is_greedy});
    return result;
  }

  const Evaluation& evaluation_;
  const Tensor circuit_, network_;
  const EdgeSet edges_;
  const CompletenessConfig& config_;
  statistics::Engine engine_;
};

}  // namespace

double RemovedSet::incompleteness() const {
  return std::abs(circuit - network);
}

double Completeness::mean_random() const {
  double sum = 0;
  int64_t n = 0;
  for (const RemovedSet& set : sets)
    if (!set.is_greedy) sum += set.incompleteness(), ++n;
  return n == 0 ? kNaN : sum / static_cast<double>(n);
}

double Completeness::worst() const {
  if (sets.empty()) return kNaN;
  return std::ranges::max_element(sets, {}, &RemovedSet::incompleteness)->incompleteness();
}

Completeness completeness(const Evaluation& evaluation, const Tensor& kept,
                          const CompletenessConfig& config) {
  if (config.random_sets < 0 || config.greedy_runs < 0 || config.greedy_steps < 1 ||
      config.greedy_candidates < 1)
    throw std::invalid_argument("completeness: counts of sets, steps and candidates are too small");
  if (!kept.any().item<bool>())
    throw std::invalid_argument("completeness: the circuit is empty, nothing can be removed");
  Removal removal(evaluation, kept, config);
  Completeness result{
      .scale = (evaluation.network().metric.mean() - evaluation.empty().metric.mean())
                   .abs()
                   .item<double>(),
      .sets = removal.random_sets()};
  for (int64_t i = 0; i < config.greedy_runs; ++i) result.sets.push_back(removal.greedy_set());
  return result;
}

}  // namespace assay::circuits
