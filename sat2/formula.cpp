#include "sat2/formula.h"

#include <fmt/format.h>

#include <stdexcept>

namespace assay::sat2 {
namespace {

void validate_variable(int variable, int variables, size_t clause) {
  if (variable < 0 || variable >= variables) {
    throw std::invalid_argument(fmt::format("clause {}: x{} is out of range, expected x0 to x{}",
                                            clause, variable, variables - 1));
  }
}

}  // namespace

void validate(const Formula& formula) {
  if (formula.variables < 1 || formula.variables > kMaxVariables) {
    throw std::invalid_argument(
        fmt::format("variables: expected 1 to {}, got {}", kMaxVariables, formula.variables));
  }
  for (size_t i = 0; i < formula.clauses.size(); ++i) {
    const auto& [left, right] = formula.clauses[i];
    validate_variable(left.variable, formula.variables, i + 1);
    validate_variable(right.variable, formula.variables, i + 1);
    if (left.variable == right.variable) {
      throw std::invalid_argument(fmt::format(
          "clause {}: x{} occurs twice, expected two different variables", i + 1, left.variable));
    }
  }
}

std::vector<Clause> all_clauses(int variables) {
  validate(Formula{variables, {}});
  std::vector<Clause> clauses;
  for (int i = 0; i < variables; ++i) {
    for (int j = i + 1; j < variables; ++j) {
      for (const bool left_negated : {false, true}) {
        for (const bool right_negated : {false, true}) {
          clauses.push_back({{i, left_negated}, {j, right_negated}});
        }
      }
    }
  }
  return clauses;
}

}  // namespace assay::sat2
