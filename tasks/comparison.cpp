#include "tasks/comparison.h"

#include <fmt/ranges.h>
#include <torch/types.h>

#include <cmath>
#include <stdexcept>

#include "interp/attribution/game_presets.h"
#include "interp/attribution/random_scores.h"
#include "tasks/faithfulness_measures.h"

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

/// The baselines of removal come last, as methods without scores.
void add_faithfulness(std::vector<ScoredInput>& methods, const Problem& problem,
                      const std::string& removal) {
  const auto game =
      interp::attribution::remembered(interp::attribution::game_of(problem, removal).game);
  std::map<std::string, Tensor> scores;
  for (const ScoredInput& scored : methods) scores[scored.method] = scored.scores;
  auto measures = faithfulness_measures(problem, game, scores);
  for (ScoredInput& scored : methods) {
    Measures more = measures.at(scored.method);
    scored.measures.merge(more);
  }
  for (auto& [name, of_baseline] : measures)
    if (!scores.contains(name))
      methods.push_back({.method = name, .scores = {}, .measures = std::move(of_baseline)});
}

/// What the interpretation's decision is made of, as if it were a method: how far the mechanism
/// itself agrees with what must matter.
void add_mechanism(std::vector<ScoredInput>& methods, const circuits::Program& program,
                   const std::vector<Reference>& references) {
  for (const int parent : program.steps[program.output].parents)
    for (const Reference& reference : references)
      if (parent >= 0 && reference.name == program.steps[parent].name &&
          reference.values.scalar_type() != torch::kBool)
        methods.push_back({.method = '(' + reference.name + ')',
                           .scores = reference.values,
                           .measures = agreement(reference.values, references)});
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
    input.methods = explained(problem);
    for (ScoredInput& scored : input.methods)
      scored.measures = agreement(scored.scores, references);
    add_faithfulness(input.methods, problem, config_.removal);
    if (program_) add_mechanism(input.methods, *program_, references);
    input.random = measures_of_random_scores(references, problem.input.size(), seed);
    return input;
  }

 private:
  std::vector<ScoredInput> explained(const Problem& problem) const {
    std::map<std::string, Explanation> explanations;
    std::vector<ScoredInput> methods;
    for (const std::string& name : config_.methods) {
      const size_t at = name.find('@');
      const std::string method = name.substr(0, at);
      if (!explanations.contains(method))
        explanations[method] = interp::attribution::explain(method, problem);
      methods.push_back(scored(explanations[method], at == name.npos ? "" : name.substr(at + 1)));
    }
    return methods;
  }

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

}  // namespace assay::tasks
