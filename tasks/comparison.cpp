#include "tasks/comparison.h"

#include <fmt/ranges.h>
#include <torch/types.h>

#include <cmath>
#include <stdexcept>

#include "interp/attribution/random_scores.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using interp::attribution::Explanation;
using interp::attribution::Problem;

/// The reading that a method's name asks for after an @, or its scores.
ScoredInput scored(const Explanation& explanation, const std::string& reading) {
  ScoredInput scored{.method = explanation.method,
                     .scores = explanation.scores,
                     .measures = {},
                     .rows = explanation.rows,
                     .seconds = explanation.seconds};
  if (reading.empty()) return scored;
  const auto found = explanation.readings.find(reading);
  if (found == explanation.readings.end()) {
    std::vector<std::string> names;
    for (const auto& [name, scores] : explanation.readings) names.push_back(name);
    throw std::invalid_argument(fmt::format("unknown reading '{}' of {}; there are {}", reading,
                                            explanation.method, fmt::join(names, ", ")));
  }
  scored.method += '@' + reading;
  scored.scores = found->second;
  return scored;
}

std::vector<Measures> measures_of_random_scores(const std::vector<Reference>& references,
                                                int64_t features, uint64_t seed) {
  std::vector<Measures> draws;
  for (uint64_t draw = 0; draw < kRandomDraws; ++draw)
    draws.push_back(agreement(
        interp::attribution::normal_scores(features, seed * kRandomDraws + draw), references));
  return draws;
}

/// Explains one input by every method.
class InputComparison {
 public:
  InputComparison(const Task& task, const interp::Transformer& model,
                  const circuits::Program* program, const ComparisonConfig& config)
      : task_(task), model_(model), program_(program), config_(config) {}

  ComparedInput operator()(int64_t index) const {
    const interp::LabelledBatch batch = task_.sample(Part::Test, config_.seed, index, 1);
    ComparedInput input{.tokens = batch.tokens[0], .methods = {}, .random = {}};
    const int64_t answer = answer_of(task_, model_, input.tokens);
    input.right = answer == batch.labels[0].item<int64_t>();
    const auto seed = config_.seed + static_cast<uint64_t>(index);
    const Problem problem = problem_of(task_, model_, input.tokens,
                                       {.features = config_.features,
                                        .target = interp::attribution::Target{.token = answer},
                                        .replacer = config_.replacer,
                                        .rows = config_.rows,
                                        .seed = seed});
    const std::vector<Reference> references = references_of(input, problem);
    std::map<std::string, Explanation> explanations;
    for (const std::string& name : config_.methods) {
      const size_t at = name.find('@');
      const std::string method = name.substr(0, at);
      if (!explanations.contains(method))
        explanations[method] = interp::attribution::explain(method, problem);
      input.methods.push_back(
          scored(explanations[method], at == name.npos ? "" : name.substr(at + 1)));
      input.methods.back().measures = agreement(input.methods.back().scores, references);
    }
    input.random = measures_of_random_scores(references, problem.input.size(), seed);
    return input;
  }

 private:
  std::vector<Reference> references_of(const ComparedInput& input, const Problem& problem) const {
    std::vector<Reference> references;
    const auto add = [&](std::vector<Reference> more) {
      std::ranges::move(more, std::back_inserter(references));
    };
    if (input.right) add(known_references(task_, config_.features, problem.input.tokens));
    if (program_) add(mechanism_references(task_, *program_, config_.features, input.tokens));
    if (config_.reference) {
      const Explanation explanation = interp::attribution::explain(*config_.reference, problem);
      add({{.name = explanation.method, .values = explanation.scores, .is_signed = true}});
    }
    return references;
  }

  const Task& task_;
  const interp::Transformer& model_;
  const circuits::Program* program_;
  const ComparisonConfig& config_;
};

/// Values of each measure, where it is defined.
using Values = std::map<std::string, std::vector<double>>;

void add_defined(Values& values, const Measures& measures) {
  for (const auto& [name, value] : measures)
    if (!std::isnan(value)) values[name].push_back(value);
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

MethodSummary summary_of_method(const Comparison& comparison, size_t method,
                                const interp::Bootstrap& bootstrap) {
  MethodSummary summary{.method = comparison.inputs.front().methods[method].method, .measures = {}};
  const auto n = static_cast<double>(comparison.inputs.size());
  Values values;
  for (const ComparedInput& input : comparison.inputs) {
    const ScoredInput& scored = input.methods[method];
    add_defined(values, scored.measures);
    summary.rows += static_cast<double>(scored.rows) / n;
    summary.seconds += scored.seconds / n;
  }
  for (const auto& [name, of_inputs] : values)
    summary.measures[name] = {.mean = mean_of(of_inputs),
                              .interval = interp::mean_interval(of_inputs, bootstrap),
                              .inputs = static_cast<int64_t>(of_inputs.size())};
  return summary;
}

}  // namespace

Comparison compare(const Task& task, const interp::Transformer& model,
                   const circuits::Program* program, const ComparisonConfig& config) {
  if (config.methods.empty() || config.inputs < 1)
    throw std::invalid_argument("compare: expected at least one method and one input");
  const InputComparison compare_input(task, model, program, config);
  Comparison comparison;
  for (int64_t i = 0; i < config.inputs; ++i) {
    if (config.stop && *config.stop) {
      comparison.complete = false;
      break;
    }
    comparison.inputs.push_back(compare_input(i));
    if (config.on_progress) config.on_progress(i + 1, config.inputs);
  }
  return comparison;
}

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
