#include "tasks/two_sat/levels.h"

#include <torch/types.h>

#include <algorithm>

namespace assay::tasks::two_sat {
namespace {

using at::Tensor;

int n_assignments(const Observations& observed) {
  int assignments = 1;  // the largest truth table names the highest assignment that occurs
  while (assignments < 64 && observed.truth_tables.back() >> assignments) ++assignments;
  return assignments;
}

// Assignments over whose formulas the neuron's mean activation exceeds its threshold.
std::vector<int> set_by_mean(const Neuron& neuron, const Observations& observed, int assignments) {
  std::vector<double> sum(observed.truth_tables.size());
  std::vector<int64_t> count(observed.truth_tables.size());
  const Tensor column = observed.hidden.select(1, neuron.index).contiguous();
  for (size_t i = 0; i < observed.table_of.size(); ++i) {
    sum[observed.table_of[i]] += column.data_ptr<float>()[i];
    count[observed.table_of[i]] += 1;
  }
  std::vector<int> set;
  for (int a = 0; a < assignments; ++a) {
    double total = 0, n = 0;
    for (size_t t = 0; t < sum.size(); ++t)
      if (observed.truth_tables[t] >> a & 1) total += sum[t], n += static_cast<double>(count[t]);
    if (n > 0 && total / n > neuron.threshold) set.push_back(a);
  }
  return set;
}

// Share of formulas on which a program is wrong or the disjunction of the neurons is not the
// answer.
double failing_share(const std::vector<Neuron>& neurons, const Observations& observed) {
  const int64_t n = observed.answers.size(0);
  Tensor any_on = at::zeros({n}, torch::kBool), failing = at::zeros({n}, torch::kBool);
  const Tensor table = torch::tensor(observed.table_of, torch::kInt64);
  for (const Neuron& neuron : neurons) {
    std::vector<uint8_t> values;
    for (const uint64_t truth_table : observed.truth_tables)
      values.push_back(value_of(neuron.program, truth_table));
    const Tensor predicted =
        torch::tensor(values, torch::kUInt8).to(torch::kBool).index_select(0, table);
    const Tensor on = observed.hidden.select(1, neuron.index).ge(neuron.threshold);
    any_on.logical_or_(on);
    failing.logical_or_(on.ne(predicted));
  }
  failing.logical_or_(any_on.ne(observed.answers.to(torch::kBool)));
  return failing.to(torch::kFloat64).mean().item<double>();
}

double mean_when_on(const Neuron& neuron, const Observations& observed) {
  const Tensor column = observed.hidden.select(1, neuron.index);
  const Tensor on = column.masked_select(column.ge(neuron.threshold));
  return on.numel() ? on.mean().item<double>() : 0;
}

}  // namespace

std::vector<Neuron> evaluating_neurons(const Observations& observed, const Tensor& coefficients,
                                       double bound) {
  const Tensor largest = observed.hidden.amax(0);
  std::vector<Neuron> neurons;
  for (int64_t i = 0; i < largest.size(0); ++i) {
    const auto activation = largest[i].item<double>();
    const auto coefficient = coefficients[i].item<double>();
    if (activation * coefficient > bound)
      neurons.push_back(
          {.index = i, .coefficient = coefficient, .largest = activation, .program = {}});
  }
  return neurons;
}

void fit_programs(std::vector<Neuron>& neurons, const Observations& observed,
                  const std::string& variant, int64_t leaves, bool by_mean) {
  const int assignments = n_assignments(observed);
  for (Neuron& neuron : neurons) {
    const auto rows = summarise(observed, neuron.index, neuron.threshold);
    const Fitted fitted = variant == "trees" ? fit_tree(rows, assignments, leaves)
                          : by_mean
                              ? disjunction_of(set_by_mean(neuron, observed, assignments), rows)
                              : fit_disjunction(rows, assignments);
    neuron.program = fitted.program;
    neuron.errors = fitted.errors;
  }
}

LevelChoice choose_levels(std::vector<Neuron>& neurons, const Observations& observed,
                          double resting, const std::string& variant, int64_t leaves) {
  LevelChoice best{.resting = resting, .fraction = 0, .failing = 2};
  std::vector<Neuron> chosen = neurons;
  for (const double fraction : {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}) {
    for (Neuron& neuron : neurons)
      neuron.threshold = fraction * std::max(-resting, 1e-6) / neuron.coefficient;
    fit_programs(neurons, observed, variant, leaves, false);
    const double failing = failing_share(neurons, observed);
    if (failing < best.failing) {
      best = {resting, fraction, failing};
      chosen = neurons;
    }
  }
  neurons = chosen;
  for (Neuron& neuron : neurons)
    neuron.on =
        std::max(mean_when_on(neuron, observed), 2 * std::max(-resting, 0.0) / neuron.coefficient);
  return best;
}

}  // namespace assay::tasks::two_sat
