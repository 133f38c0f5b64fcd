#pragma once
// 2-SAT formulas as values: the lowest room of the house, no tensor and no solver in sight.

#include <cstdint>
#include <vector>

namespace assay::sat2 {

inline constexpr int kMaxVariables = 6;  ///< the truth table of a formula fits into 64 bits

struct Literal {
  int variable = 0;      ///< 0-based
  bool negated = false;  ///< Not(x_variable)
  auto operator<=>(const Literal&) const = default;
};

/// A disjunction of two literals over two different variables. The order of the literals is kept,
/// since it is part of what a network reads; logically it does not matter.
struct Clause {
  Literal left, right;
  auto operator<=>(const Clause&) const = default;
};

/// A conjunction of clauses over variables x_0 … x_{variables-1}; clauses may repeat.
struct Formula {
  int variables = 0;
  std::vector<Clause> clauses;
  bool operator==(const Formula&) const = default;
};

/// @throws std::invalid_argument naming the clause (counted from 1) and what is wrong with it:
///   a variable out of range, one variable twice in a clause, or variables outside [1,
///   kMaxVariables].
void validate(const Formula& formula);

/// Every clause over `variables` in the sampler's form (lower variable first), in a fixed order:
/// pairs lexicographically, then signs (+,+), (+,-), (-,+), (-,-). 40 clauses for 5 variables.
std::vector<Clause> all_clauses(int variables);

}  // namespace assay::sat2
