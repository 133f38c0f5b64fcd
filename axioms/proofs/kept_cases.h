#pragma once
// The cases of a position as they are kept while a proof goes on (pieces.h). What a case is about
// is computed anew when it is read, and so is its least margin: only what was found is kept.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "axioms/proofs/case_prover.h"

namespace assay::proofs {

nlohmann::ordered_json kept_cases(const std::vector<Case>& cases);

/// The cases of the i-th position that is read.
/// @throws std::runtime_error beginning with `where` if they are not, or contradict themselves.
std::vector<Case> cases_from_kept(const nlohmann::ordered_json& json, const CaseProver& prover,
                                  size_t i, const std::string& where);

}  // namespace assay::proofs
