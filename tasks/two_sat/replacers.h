#pragma once
// What may stand in for the literals of a formula.

#include <cstdint>
#include <memory>
#include <vector>

#include "interp/attribution/replacer.h"

namespace assay::tasks::two_sat {

inline constexpr const char* kConditional = "conditional";

/// Literals are alike, and every other token is alone of its type.
std::vector<int64_t> token_types(int64_t variables);

/// Keeps formulas in the sampler's form: a literal alone is drawn from those that leave its clause
/// in order (the lower variable first), both literals of a clause from all clauses, each as likely;
/// never one that stands there already.
std::unique_ptr<interp::attribution::Replacer> conditional_replacer(int64_t variables);

}  // namespace assay::tasks::two_sat
