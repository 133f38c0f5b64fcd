#pragma once
// What must matter in a formula, exactly: which clauses an unsatisfiable one owes its contradiction
// to, and what decides a formula in the sense that changing it alone turns the answer around.

#include <cstdint>
#include <vector>

#include "sat2/formula.h"

namespace assay::sat2 {

using ClauseSet = uint32_t;  ///< bit i: clause i

inline constexpr int kMaxListedClauses = 20;  ///< all of whose subsets are gone through

/// Every minimal unsatisfiable subset of the clauses, in ascending order of the sets as numbers;
/// none if the formula is satisfiable. Found by going through all subsets with truth-table masks;
/// equal clauses at different places are different members.
/// @throws std::invalid_argument for a malformed formula or more than kMaxListedClauses clauses.
std::vector<ClauseSet> minimal_unsatisfiable_subsets(const Formula& formula);

/// Can another clause of the sampler's form in place of clause i turn the answer around? One per
/// clause. @throws std::invalid_argument for a malformed formula.
std::vector<bool> pivotal_clauses(const Formula& formula);

/// Can another literal in place of this one, with a clause of the sampler's form as the result,
/// turn the answer around? Two per clause: left, right. @throws as pivotal_clauses().
std::vector<bool> pivotal_literals(const Formula& formula);

}  // namespace assay::sat2
