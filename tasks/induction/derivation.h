#pragma once
// Interpretations of induction networks.
//   induction   the true one:
//     previous  what block 0's attention writes at each place of the list but the first holds the
//               symbol in front of it
//     match     block 1 attends, from the last position, to the place whose previous symbol is the
//               query; written as attention to this place alone
//     copied    the stream behind block 1 at the last position holds the symbol there
//     answer    the symbol that was copied
//   pairs       the same, cut between the blocks and not at what the heads do:
//     pairs     the stream between the blocks holds each symbol with the one in front (pairs.h)
//     copied    as above, the symbol whose symbol in front is the query; answer
//   offset      block 1 copies the symbol at one fixed place, a fixed distance before the query:
//     copied, answer. Right on rows that repeat their list in order, and false on others.

#include <string>
#include <vector>

#include "tasks/induction/rows.h"
#include "tasks/registry.h"

namespace assay::tasks::induction {

std::vector<std::string> variants();  ///< `induction`, `pairs`, `offset`

/// Fits the interpretation to a model, and looks for evidence in its attention and its weights.
/// @throws std::invalid_argument for an unknown variant, a model that is not two blocks of a single
///   head each, or if some symbol never occurs where it is needed among the deriving inputs.
Derivation derive(const Task& task, const Rows& rows, const interp::Network& network,
                  const DeriveConfig& config);

}  // namespace assay::tasks::induction
