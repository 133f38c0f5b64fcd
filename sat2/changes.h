#pragma once
// Smallest changes of a formula that turn its answer around: pairs for causal experiments.

#include <vector>

#include "sat2/formula.h"

namespace assay::sat2 {

enum class Change { Literal, Clause };  ///< what differs: one literal of one clause, or one clause

/// Every formula that differs from this one in exactly one clause, which is again of the sampler's
/// form (see all_clauses()), and has the other answer. Change::Literal: the clause keeps one of its
/// literals in place; Change::Clause: it keeps neither. Found with truth-table masks.
/// @throws std::invalid_argument for a malformed formula.
std::vector<Formula> answer_changing(const Formula& formula, Change change);

}  // namespace assay::sat2
