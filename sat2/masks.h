#pragma once
// Truth tables as bit masks: the fast path for labels, and the features of the network's neurons.
// Bit a of a mask speaks of assignment a, in which x_i is true iff bit i of a is set.

#include <cstdint>
#include <string>
#include <vector>

#include "sat2/formula.h"

namespace assay::sat2 {

using Mask = uint64_t;

/// All 2^variables assignments. @throws std::invalid_argument outside [1, kMaxVariables].
Mask all_assignments(int variables);
Mask satisfying(const Literal& literal, int variables);
Mask satisfying(const Clause& clause, int variables);
/// Assignments that satisfy every clause; 0 iff the formula is unsatisfiable.
Mask satisfying(const Formula& formula);
bool satisfiable_by_masks(const Formula& formula);

/// Indices of a minimal set of clauses that no assignment satisfies, found by deletion; empty if
/// the formula is satisfiable. The reference that Z3's answer is compared with.
std::vector<int> minimal_unsatisfiable_subset_by_masks(const Formula& formula);

/// Assignment a as text: `x0=1 x1=0 …`.
std::string assignment_to_string(int assignment, int variables);

}  // namespace assay::sat2
