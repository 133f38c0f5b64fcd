#pragma once
// Formulas as the text that the network's tokens spell: `( x0 Not(x1) ) ( x2 x3 ) :`.

#include <string>
#include <string_view>

#include "sat2/formula.h"

namespace assay::sat2 {

std::string to_string(const Literal& literal);  ///< `x3` or `Not(x3)`
std::string to_string(const Clause& clause);    ///< `( x0 Not(x1) )`
std::string to_string(const Formula& formula);  ///< clauses separated by blanks, then ` :`

/// Reads what to_string() writes; the final `:` may be missing, blanks are free.
/// @param variables  number of variables, or 0 for one more than the highest that occurs.
/// @throws std::invalid_argument naming the column (from 1), what stands there and what was
///   expected; also for whatever validate() refuses, and for no clause at all.
Formula parse_formula(std::string_view text, int variables = 0);

}  // namespace assay::sat2
