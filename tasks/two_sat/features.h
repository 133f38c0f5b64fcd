#pragma once
// What explanations of 2-SAT speak of, besides tokens: literals and clauses.

#include <vector>

#include "interp/attribution/features.h"

namespace assay::tasks::two_sat {

/// Each literal a feature of its own, parentheses and `:` are context.
/// @throws std::invalid_argument as formula_of() does.
std::vector<interp::attribution::Feature> literal_features(
    const interp::attribution::Sequence& tokens, int64_t variables);

/// Each clause a feature: its two literals with their parentheses, so that a formula without it is
/// again a formula. @throws std::invalid_argument as formula_of() does.
std::vector<interp::attribution::Feature> clause_features(
    const interp::attribution::Sequence& tokens, int64_t variables);

}  // namespace assay::tasks::two_sat
