#include "tasks/faithfulness_measures.h"

#include <torch/types.h>

#include <numeric>

#include "interp/attribution/embedded_input.h"
#include "interp/attribution/faithfulness_curves.h"
#include "interp/attribution/faithfulness_removal.h"
#include "interp/attribution/faithfulness_soft.h"
#include "interp/attribution/importances.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using interp::attribution::EmbeddedInput;
using interp::attribution::Game;
using interp::attribution::Problem;

// Half as many masks and fitted rows as SLALOM's authors take: inputs are many and short.
constexpr int64_t kMasks = 50, kFittedRows = 500;

double sum_of_errors(const interp::attribution::RemovalErrors& errors) {
  return std::accumulate(errors.mse.begin(), errors.mse.end(), 0.0);
}

void add_curves(Measures& measures, const Game& game, const Tensor& scores) {
  const auto curves = interp::attribution::faithfulness_curves(game, scores);
  measures["curves.insertion"] = curves.insertion_area;
  measures["curves.deletion"] = curves.deletion_area;
}

void add_soft(Measures& measures, const EmbeddedInput& input, const Tensor& scores, uint64_t seed) {
  const double half = static_cast<double>(scores.numel()) / 2;
  const Tensor important =
      interp::attribution::with_mass(interp::attribution::importances(scores), half);
  const auto soft = interp::attribution::soft_faithfulness(input, important, {.seed = seed});
  measures["soft.sufficiency"] = soft.sufficiency;
  measures["soft.comprehensiveness"] = soft.comprehensiveness;
}

}  // namespace

std::map<std::string, Measures> faithfulness_measures(const Problem& problem, const Game& game,
                                                      const std::map<std::string, Tensor>& scores) {
  std::map<std::string, Measures> measures;
  std::map<std::string, interp::attribution::Surrogate> surrogates;
  const EmbeddedInput embedded(problem);
  for (const auto& [name, of_method] : scores) {
    add_curves(measures[name], game, of_method);
    add_soft(measures[name], embedded, of_method, problem.seed);
    surrogates[name] = interp::attribution::additive(of_method);
  }
  const auto errors = interp::attribution::removal_errors(
      game, problem.input.size(), surrogates,
      {.masks = kMasks, .fitted_rows = kFittedRows, .seed = problem.seed});
  const double without_change = sum_of_errors(errors.at("zero"));
  for (const auto& [name, of_method] : errors) {
    if (name == "zero") continue;
    measures[name == "ols" ? "(ols)" : name]["removal.error"] =
        sum_of_errors(of_method) / without_change;
  }
  return measures;
}

}  // namespace assay::tasks
