#include "sat2/masks.h"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace assay::sat2 {
namespace {

/// Column i of the truth table of six variables: bit a is set iff bit i of a is.
constexpr std::array<Mask, kMaxVariables> kColumns = {0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC,
                                                      0xF0F0F0F0F0F0F0F0, 0xFF00FF00FF00FF00,
                                                      0xFFFF0000FFFF0000, 0xFFFFFFFF00000000};

/// Assignments that satisfy the clauses with these indices.
Mask satisfying(const std::vector<int>& clauses, const Formula& formula) {
  Mask mask = all_assignments(formula.variables);
  for (const int i : clauses) mask &= satisfying(formula.clauses[i], formula.variables);
  return mask;
}

}  // namespace

Mask all_assignments(int variables) {
  validate(Formula{variables, {}});
  return ~Mask{0} >> (64 - (1 << variables));
}

Mask satisfying(const Literal& literal, int variables) {
  const Mask all = all_assignments(variables);
  if (literal.variable < 0 || literal.variable >= variables) {
    throw std::invalid_argument(
        fmt::format("x{} is out of range, expected x0 to x{}", literal.variable, variables - 1));
  }
  const Mask column = kColumns[literal.variable];
  return (literal.negated ? ~column : column) & all;
}

Mask satisfying(const Clause& clause, int variables) {
  return satisfying(clause.left, variables) | satisfying(clause.right, variables);
}

Mask satisfying(const Formula& formula) {
  Mask mask = all_assignments(formula.variables);
  for (const Clause& clause : formula.clauses) mask &= satisfying(clause, formula.variables);
  return mask;
}

bool satisfiable_by_masks(const Formula& formula) {
  return satisfying(formula) != 0;
}

std::vector<int> minimal_unsatisfiable_subset_by_masks(const Formula& formula) {
  if (satisfiable_by_masks(formula)) return {};
  std::vector<int> minimal(formula.clauses.size());
  std::iota(minimal.begin(), minimal.end(), 0);
  for (const int i : std::vector(minimal)) {
    std::vector<int> smaller = minimal;
    std::erase(smaller, i);
    if (satisfying(smaller, formula) == 0) minimal = smaller;
  }
  return minimal;
}

std::string assignment_to_string(int assignment, int variables) {
  std::string text;
  for (int i = 0; i < variables; ++i) {
    text += fmt::format("{}x{}={}", i == 0 ? "" : " ", i, assignment >> i & 1);
  }
  return text;
}

}  // namespace assay::sat2
