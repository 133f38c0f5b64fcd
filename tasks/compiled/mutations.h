#pragma once
// Wrong programs made from right ones.

#include <vector>

#include "circuits/interpretation/mutation.h"

namespace assay::tasks::compiled {

/// `other-cell`: one entry of one table that the answer needs is another of its values; and
/// `other-selection`: one head that the answer needs selects a key that it does not select, or does
/// not select one that it does. In every h alike, and only where some value changes on some input.
std::vector<circuits::Mutation> mutations();

}  // namespace assay::tasks::compiled
