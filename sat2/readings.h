#pragma once
// Programs that tell from a formula's truth table whether it is satisfiable, and whether they are
// right: for every formula of any length, since only which assignments survive matters.

#include <memory>
#include <optional>
#include <vector>

#include "sat2/formula.h"
#include "sat2/masks.h"

namespace assay::sat2 {

/// A decision tree whose questions are "does assignment a satisfy the formula?".
struct Reading {
  int assignment = -1;  ///< asked; -1: the answer is `value`
  bool value = false;
  std::shared_ptr<const Reading> yes, no;

  bool operator()(Mask truth_table) const;
};

/// `if any of these assignments satisfies it`.
Reading any_of(const std::vector<int>& assignments);

/// Z3's ruling on "a formula is satisfiable exactly if any of these readings says yes", for
/// formulas of any number of clauses over `variables`. Each clause is a Boolean (it stands in the
/// formula, or not), and assignment a satisfies the formula if no clause that excludes it stands
/// there.
/// @return a formula for which it is wrong, if there is one.
/// @throws std::runtime_error if Z3 answers "unknown", or its formula is no counterexample.
std::optional<Formula> misread_formula(const std::vector<Reading>& readings, int variables);

/// A formula with fewest clauses for which it is wrong: breadth first through the truth tables that
/// n = 1, 2, … clauses can have. Goes through all tables if there is none (224,716 for 5
/// variables).
std::optional<Formula> smallest_misread_formula(const std::vector<Reading>& readings,
                                                int variables);

/// Why readings are right without asking a solver, where it is plain: for each assignment a reading
/// that says yes whenever that assignment satisfies the formula, whatever the others do, and no
/// reading that says yes where none satisfies.
/// @return for each assignment the index of a reading; empty if it is not plain.
std::vector<int> covering(const std::vector<Reading>& readings, int variables);

}  // namespace assay::sat2
