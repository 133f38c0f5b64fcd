#pragma once
// Wrong claims about networks for modular addition, made from right ones.

#include <vector>

#include "circuits/interpretation/mutation.h"

namespace assay::tasks::modular_addition {

/// `shift-frequency`: a key frequency k becomes k + 1 in every h, or k - 1 where k + 1 is key, too,
/// or is none. α and γ stay fitted to k.
std::vector<circuits::Mutation> mutations();

}  // namespace assay::tasks::modular_addition
