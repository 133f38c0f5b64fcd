#include "tasks/two_sat/input_features.h"

#include <torch/types.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <utility>

#include "sat2/masks.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using sat2::Clause;
using sat2::Formula;
using sat2::Literal;

struct FormulaFeature {
  const char* name;
  int64_t (*of)(const Formula& formula);
};

std::pair<int, int> variables_of(const Clause& clause) {
  return std::minmax({clause.left.variable, clause.right.variable});
}

/// Clauses that say what an earlier one says.
int64_t repeated_clauses(const Formula& formula) {
  std::set<std::pair<Literal, Literal>> different;
  for (const Clause& clause : formula.clauses)
    different.insert(std::minmax({clause.left, clause.right}));
  return std::ssize(formula.clauses) - std::ssize(different);
}

/// Clauses over two variables that are those of another clause, too.
int64_t clauses_over_one_pair(const Formula& formula) {
  std::map<std::pair<int, int>, int64_t> clauses;
  for (const Clause& clause : formula.clauses) ++clauses[variables_of(clause)];
  int64_t shared = 0;
  for (const auto& [variables, n] : clauses) shared += n > 1 ? n : 0;
  return shared;
}

/// How often each literal occurs: by variable, then as it is and negated.
std::map<int, std::pair<int64_t, int64_t>> occurrences(const Formula& formula) {
  std::map<int, std::pair<int64_t, int64_t>> of;
  for (const Clause& clause : formula.clauses)
    for (const Literal& literal : {clause.left, clause.right})
      ++(literal.negated ? of[literal.variable].second : of[literal.variable].first);
  return of;
}

int64_t different_variables(const Formula& formula) {
  return std::ssize(occurrences(formula));
}

int64_t variables_of_one_sign(const Formula& formula) {
  return std::ranges::count_if(occurrences(formula), [](const auto& of) {
    return of.second.first == 0 || of.second.second == 0;
  });
}

int64_t most_clauses_of_a_variable(const Formula& formula) {
  int64_t most = 0;
  for (const auto& [variable, n] : occurrences(formula)) most = std::max(most, n.first + n.second);
  return most;
}

int64_t satisfying_assignments(const Formula& formula) {
  return std::popcount(sat2::satisfying(formula));
}

int64_t clauses_of(const Formula& formula) {
  return std::ssize(formula.clauses);
}

constexpr FormulaFeature kFeatures[] = {
    {"the number of satisfying assignments", satisfying_assignments},
    {"the number of repeated clauses", repeated_clauses},
    {"the number of clauses that share both variables with another", clauses_over_one_pair},
    {"the number of different variables", different_variables},
    {"the number of variables that occur with one sign only", variables_of_one_sign},
    {"the number of occurrences of the commonest variable", most_clauses_of_a_variable}};
constexpr FormulaFeature kLength = {"the number of clauses", clauses_of};

}  // namespace

axioms::InputFeatures input_features(const sat2::SamplerSettings& sampler) {
  std::vector<FormulaFeature> features(std::begin(kFeatures), std::end(kFeatures));
  if (sampler.min_clauses < sampler.max_clauses) features.push_back(kLength);
  axioms::InputFeatures result;
  for (const FormulaFeature& feature : features) result.all.push_back({.name = feature.name});
  result.of = [features, variables = sampler.variables](const at::Tensor& tokens) {
    const at::Tensor rows = tokens.contiguous();
    const int64_t width = rows.size(1);
    at::Tensor values = at::empty({rows.size(0), std::ssize(features)}, torch::kInt64);
    auto* value = values.data_ptr<int64_t>();
    for (int64_t i = 0; i < rows.size(0); ++i) {
      const auto* row = rows.data_ptr<int64_t>() + i * width;
      const Formula formula = formula_of(std::vector<int64_t>(row, row + width), variables);
      for (const FormulaFeature& feature : features) *value++ = feature.of(formula);
    }
    return values;
  };
  return result;
}

}  // namespace assay::tasks::two_sat
