#include "tasks/comparison.h"

#include <torch/types.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "interp/attribution/game_presets.h"
#include "interp/attribution/random_scores.h"
#include "tasks/faithfulness_measures.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using interp::attribution::Explanation;
using interp::attribution::MethodRequest;
using interp::attribution::MethodRuns;
using interp::attribution::Problem;

/// Runs one method; what it throws is its result.
ScoredInput scored(MethodRuns& runs, const MethodRequest& request) {
  ScoredInput scored{.method = request.name(), .scores = {}, .measures = {}};
  try {
    const Explanation explanation = runs(request);
    scored.scores = explanation.scores;
    scored.rows = explanation.rows;
    scored.seconds = explanation.seconds;
    scored.caveat = explanation.caveat;
  } catch (const std::exception& error) {
    const std::string message = error.what();
    scored.failure = message.substr(0, message.find('\n'));  // LibTorch's go on with a backtrace
  }
  return scored;
}

/// @return the baselines, as methods without scores.
std::vector<ScoredInput> add_faithfulness(std::vector<ScoredInput>& methods, const Problem& problem,
                                          const std::string& removal) {
  const auto game =
      interp::attribution::remembered(interp::attribution::game_of(problem, removal).game);
  std::map<std::string, Tensor> scores;
  for (const ScoredInput& scored : methods)
    if (scored.scores.defined()) scores[scored.method] = scored.scores;
  auto measures = faithfulness_measures(problem, game, scores);
  for (ScoredInput& scored : methods) {
    if (!scored.scores.defined()) continue;
    Measures more = measures.at(scored.method);
    scored.measures.merge(more);
  }
  std::vector<ScoredInput> baselines;
  for (auto& [name, of_baseline] : measures)
    if (!scores.contains(name))
      baselines.push_back({.method = name, .scores = {}, .measures = std::move(of_baseline)});
  return baselines;
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
  InputComparison(const Task& task, const interp::Network& network,
                  const circuits::Program* program, const ComparisonConfig& config)
      : task_(task), network_(network), program_(program), config_(config) {}

  ComparedInput operator()(int64_t index) const {
    const interp::LabelledBatch batch = task_.sample(Part::Test, config_.seed, index, 1);
    ComparedInput input{.tokens = batch.tokens[0], .methods = {}, .references = {}, .random = {}};
    const int64_t answer = answer_of(task_, network_, input.tokens);
    input.right = answer == batch.labels[0].item<int64_t>();
    const auto seed = config_.seed + static_cast<uint64_t>(index);
    const Problem problem = problem_of(task_, network_, input.tokens,
                                       {.features = config_.features,
                                        .target = interp::attribution::Target{.token = answer},
                                        .replacer = config_.replacer,
                                        .rows = config_.rows,
                                        .seed = seed});
    input.methods = explained(problem);
    input.references = references_of(input, problem);
    for (ScoredInput& scored : input.methods)
      if (scored.scores.defined()) scored.measures = agreement(scored.scores, input.references);
    std::vector<ScoredInput> baselines = add_faithfulness(input.methods, problem, config_.removal);
    if (program_) add_mechanism(input.methods, *program_, input.references);
    std::ranges::move(baselines, std::back_inserter(input.methods));
    input.random = measures_of_random_scores(input.references, seed);
    return input;
  }

 private:
  /// All are parsed before the first one runs, so that what does not exist costs nothing.
  std::vector<MethodRequest> requests(const Problem& problem) const {
    std::vector<MethodRequest> requests;
    std::set<std::string> names;
    for (const std::string& method : config_.methods) {
      requests.push_back(interp::attribution::parse_method(method, problem));
      names.insert(requests.back().name());
    }
    for (const std::string& reference : config_.references) {
      const MethodRequest request = interp::attribution::parse_method(reference, problem);
      if (names.insert(request.name()).second) requests.push_back(request);
    }
    return requests;
  }

  std::vector<ScoredInput> explained(const Problem& problem) const {
    MethodRuns runs(problem);
    std::vector<ScoredInput> methods;
    for (const MethodRequest& request : requests(problem)) methods.push_back(scored(runs, request));
    return methods;
  }

  std::vector<Reference> references_of(const ComparedInput& input, const Problem& problem) const {
    std::vector<Reference> references;
    const auto add = [&](std::vector<Reference> more) {
      std::ranges::move(more, std::back_inserter(references));
    };
    if (input.right) add(known_references(task_, config_.features, problem.input.tokens));
    if (program_) add(mechanism_references(task_, *program_, config_.features, input.tokens));
    for (const std::string& name : config_.references) {
      const std::string method = interp::attribution::parse_method(name, problem).name();
      const auto found = std::ranges::find(input.methods, method, &ScoredInput::method);
      if (found->scores.defined())
        add({{.name = method, .values = found->scores, .is_signed = true}});
    }
    return references;
  }

  const Task& task_;
  const interp::Network& network_;
  const circuits::Program* program_;
  const ComparisonConfig& config_;
};

void require_possible(const Task& task, const ComparisonConfig& config) {
  if (config.methods.empty() || config.inputs < 1)
    throw std::invalid_argument("compare: expected at least one method and one input");
  if (config.removal == "deletion" && task.lengths().one)
    throw std::invalid_argument(
        "compare: nothing can be deleted from inputs of one length; remove by replacement");
}

}  // namespace

std::vector<Measures> measures_of_random_scores(const std::vector<Reference>& references,
                                                uint64_t seed) {
  std::vector<Measures> draws(kRandomDraws);
  if (references.empty()) return draws;
  const int64_t features = references.front().values.numel();
  for (uint64_t draw = 0; draw < kRandomDraws; ++draw)
    draws[draw] = agreement(
        interp::attribution::normal_scores(features, seed * kRandomDraws + draw), references);
  return draws;
}

Comparison compare(const Task& task, const interp::Network& network,
                   const circuits::Program* program, const ComparisonConfig& config,
                   std::vector<ComparedInput> begun) {
  require_possible(task, config);
  const InputComparison compare_input(task, network, program, config);
  Comparison comparison{.inputs = std::move(begun)};
  for (auto i = static_cast<int64_t>(comparison.inputs.size()); i < config.inputs; ++i) {
    if (config.stop && *config.stop) {
      comparison.complete = false;
      break;
    }
    comparison.inputs.push_back(compare_input(config.first + i));
    if (config.on_progress) config.on_progress(comparison);
  }
  return comparison;
}

}  // namespace assay::tasks
