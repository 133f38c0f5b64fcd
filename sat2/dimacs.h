#pragma once
// DIMACS CNF: `p cnf V C`, clauses end in 0, comment lines start with c.

#include <string>
#include <string_view>

#include "sat2/formula.h"

namespace assay::sat2 {

std::string to_dimacs(const Formula& formula);

/// @throws std::invalid_argument naming the line and what was expected: a missing or wrong header,
///   a clause of another length than two, a clause count that differs from the header's, and
///   whatever validate() refuses.
Formula parse_dimacs(std::string_view text);

}  // namespace assay::sat2
