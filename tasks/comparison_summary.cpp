#include "tasks/comparison_summary.h"

#include <algorithm>
#include <cmath>

namespace assay::tasks {
namespace {

/// Values of each measure, where it is defined.
using Values = std::map<std::string, std::vector<double>>;

void add_defined(Values& values, const Measures& measures) {
  for (const auto& [name, value] : measures)
    if (!std::isnan(value)) values[name].push_back(value);
}

void add_note(Note& note, const std::string& words) {
  if (words.empty()) return;
  if (note.inputs == 0) note.first = words;
  ++note.inputs;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

MethodSummary summary_of_method(const Comparison& comparison, size_t method,
                                const interp::Bootstrap& bootstrap) {
  MethodSummary summary{.method = comparison.inputs.front().methods[method].method, .measures = {}};
  Values values;
  for (const ComparedInput& input : comparison.inputs) {
    const ScoredInput& scored = input.methods[method];
    add_note(summary.failures, scored.failure);
    add_note(summary.caveats, scored.caveat);
    add_defined(values, scored.measures);
    summary.rows += static_cast<double>(scored.rows);
    summary.seconds += scored.seconds;
  }
  const auto explained = static_cast<int64_t>(comparison.inputs.size()) - summary.failures.inputs;
  summary.rows /= std::max<double>(1, static_cast<double>(explained));
  summary.seconds /= std::max<double>(1, static_cast<double>(explained));
  for (const auto& [name, of_inputs] : values)
    summary.measures[name] = {.mean = mean_of(of_inputs),
                              .interval = interp::mean_interval(of_inputs, bootstrap),
                              .inputs = static_cast<int64_t>(of_inputs.size())};
  return summary;
}

}  // namespace

ComparisonSummary summarise(const Comparison& comparison, const interp::Bootstrap& bootstrap) {
  ComparisonSummary summary;
  if (comparison.inputs.empty()) return summary;
  for (size_t method = 0; method < comparison.inputs.front().methods.size(); ++method)
    summary.methods.push_back(summary_of_method(comparison, method, bootstrap));
  Values means;  // of each measure, one per draw
  for (size_t draw = 0; draw < kRandomDraws; ++draw) {
    Values values;
    for (const ComparedInput& input : comparison.inputs) add_defined(values, input.random[draw]);
    for (const auto& [name, of_inputs] : values) means[name].push_back(mean_of(of_inputs));
  }
  for (const auto& [name, of_draws] : means)
    summary.random[name] = interp::percentile_interval(of_draws, bootstrap.confidence);
  return summary;
}

}  // namespace assay::tasks
