#include "tasks/faithfulness_measures.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>
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
using interp::attribution::Faithfulness;
using interp::attribution::Game;
using interp::attribution::Problem;
using interp::attribution::RemovalErrors;
using interp::attribution::soft_faithfulness;

// Half as many masks and fitted rows as SLALOM's authors take: inputs are many and short.
constexpr int64_t kMasks = 50, kFittedRows = 500;

constexpr double kSmallestScale = 0.05;  // of Hellinger distances that are divided by
constexpr double kHardRatios[] = {0.1, 0.2, 0.3, 0.4, 0.5};
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double sum_of_errors(const RemovalErrors& errors) {
  return std::accumulate(errors.mse.begin(), errors.mse.end(), 0.0);
}

void add_curves(Measures& measures, const Game& game, const Tensor& scores) {
  const auto curves = interp::attribution::faithfulness_curves(game, scores);
  measures["curves.insertion"] = curves.insertion_area;
  measures["curves.deletion"] = curves.deletion_area;
}

void add_erased(Measures& measures, const std::string& name, const Faithfulness& found) {
  const bool usable = found.scale >= kSmallestScale;
  measures[name + ".sufficiency"] = usable ? found.sufficiency : kUndefined;
  measures[name + ".comprehensiveness"] = usable ? found.comprehensiveness : kUndefined;
}

void add_soft(Measures& measures, const EmbeddedInput& input, const Tensor& scores, uint64_t seed) {
  const Tensor shares = interp::attribution::importances(scores);
  const double half = static_cast<double>(scores.numel()) / 2;
  add_erased(
      measures, "soft",
      soft_faithfulness(input, interp::attribution::with_mass(shares, half), {.seed = seed}));
  add_erased(measures, "soft-published", soft_faithfulness(input, shares, {.seed = seed}));
}

void add_hard(Measures& measures, const EmbeddedInput& input, const Tensor& scores) {
  Faithfulness mean;
  for (const double ratio : kHardRatios) {
    const Tensor largest = interp::attribution::top_share(scores, ratio);
    const Faithfulness found = soft_faithfulness(input, largest, {.draws = 1});
    mean.scale = found.scale;
    mean.sufficiency += found.sufficiency / std::size(kHardRatios);
    mean.comprehensiveness += found.comprehensiveness / std::size(kHardRatios);
  }
  add_erased(measures, "hard", mean);
}

/// Everything counts as important: what is kept is all, what is erased is all.
Measures most_erased(const EmbeddedInput& input, const Tensor& scores) {
  const Faithfulness most = soft_faithfulness(input, at::ones_like(scores), {.draws = 1});
  Measures measures;
  for (const char* name : {"soft", "soft-published", "hard"}) add_erased(measures, name, most);
  return measures;
}

void add_removal(Measures& measures, const RemovalErrors& errors, double without_change) {
  measures["removal.error"] = sum_of_errors(errors) / without_change;
  for (size_t k = 0; k < errors.mse.size(); ++k)
    measures[fmt::format("removal-mse.{:02}", k + 1)] = errors.mse[k];
}

}  // namespace

std::map<std::string, Measures> faithfulness_measures(const Problem& problem, const Game& game,
                                                      const std::map<std::string, Tensor>& scores) {
  static const std::map<std::string, std::string> kBaselines = {{"ols", "(ols)"},
                                                                {"zero", "(no change)"}};
  std::map<std::string, Measures> measures;
  std::map<std::string, interp::attribution::Surrogate> surrogates;
  const EmbeddedInput embedded(problem);
  for (const auto& [name, of_method] : scores) {
    add_curves(measures[name], game, of_method);
    add_soft(measures[name], embedded, of_method, problem.seed);
    add_hard(measures[name], embedded, of_method);
    surrogates[name] = interp::attribution::additive(of_method);
  }
  measures["(all)"] = most_erased(embedded, at::zeros({problem.input.size()}, torch::kFloat64));
  const auto errors = interp::attribution::removal_errors(
      game, problem.input.size(), surrogates,
      {.masks = kMasks, .fitted_rows = kFittedRows, .seed = problem.seed});
  const double without_change = sum_of_errors(errors.at("zero"));
  for (const auto& [name, of_method] : errors) {
    const auto baseline = kBaselines.find(name);
    add_removal(measures[baseline == kBaselines.end() ? name : baseline->second], of_method,
                without_change);
  }
  return measures;
}

bool lower_is_better(const std::string& measure) {
  return measure == "curves.deletion" || measure == "removal.error" ||
         measure.starts_with("removal-mse.");
}

}  // namespace assay::tasks
