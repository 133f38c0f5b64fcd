#pragma once
// `output = specification`: the network's own decision is the right answer, for every input.

#include <atomic>
#include <functional>

#include "axioms/proofs/attack.h"
#include "axioms/proofs/pieces.h"
#include "axioms/proofs/study.h"

namespace assay::proofs {

/// Where the inputs can be listed: each is enclosed (enclosure.h), and its decision is certain or
/// not. Else the network is attacked: what is found refutes, and what is not found stays open.
/// @param kept  a piece per run of inputs. @throws std::runtime_error for pieces that do not fit.
Statement prove_output(const Study& study, const AttackOptions& attack,
                       const std::function<void(int64_t done, int64_t of)>& on_progress,
                       const Kept& kept = {});

/// About how many bytes that needs, on so many threads. @throws Untreated as weights_of().
double bytes_for_output(const Study& study, int threads);

}  // namespace assay::proofs
