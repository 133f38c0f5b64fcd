#pragma once
// Z3 as the referee: what the fast paths say is checked against it, and it alone explains why a
// formula has no model. Z3 is seen by referee.cpp only.

#include <optional>
#include <vector>

#include "sat2/formula.h"

namespace assay::sat2 {

struct Ruling {
  bool satisfiable = false;
  std::vector<bool> model;  ///< value of each variable, if satisfiable
  std::vector<int>
      unsatisfiable_core;  ///< else: indices of a minimal unsatisfiable subset, ascending
};

/// Asks Z3 in a fresh context. The model is re-checked against the clauses, and a core is minimised
/// by deletion until every clause of it is needed, each step decided by Z3.
/// @throws std::runtime_error if Z3 answers "unknown" or its model does not satisfy the formula.
Ruling rule(const Formula& formula);

/// Satisfiability alone, for bulk comparison: one context for all formulas.
std::vector<bool> satisfiable_by_z3(const std::vector<Formula>& formulas);

}  // namespace assay::sat2
