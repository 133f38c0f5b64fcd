#pragma once
// `h = specification`: for every input of the domain, the interpretation's own computation gives
// the right answer. Of the network it says nothing.

#include <atomic>
#include <functional>

#include "axioms/proofs/study.h"

namespace assay::proofs {

/// As many inputs are gone through one by one.
inline constexpr double kMostListed = 1 << 20;

/// Goes through the inputs where they can be listed; else asks the task, and where it does not know
/// either, looks for a counterexample among random inputs and leaves the statement open.
/// @param on_progress  told of inputs that are listed. @param stop  ends listing and looking.
Statement prove_program(const Study& study,
                        const std::function<void(int64_t done, int64_t of)>& on_progress = {},
                        const std::atomic<bool>* stop = nullptr);

}  // namespace assay::proofs
