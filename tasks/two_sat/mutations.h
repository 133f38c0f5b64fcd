#pragma once
// Wrong claims about the 2-SAT network, made from right ones.

#include <vector>

#include "circuits/interpretation/mutation.h"
#include "circuits/interpretation/operations.h"

namespace assay::tasks::two_sat {

/// `swap-assignments`, `drop-neuron`, `flip-leaf`, `noisy-clauses`.
std::vector<circuits::Mutation> mutations();

/// h `flipped_signs` {variables, rate, seed}: clauses int64 [batch, clause, 2] with the sign of one
/// literal flipped in a clause with probability `rate`. Which ones is a function of the seed and of
/// the formula alone (an affine hash modulo a prime), so that batches do not matter.
circuits::Function flipped_signs(const circuits::Operation& operation);

}  // namespace assay::tasks::two_sat
