#pragma once
// What a search, a comparison of circuits or a formula comes to, as one sentence or two, computed
// from the record alone. Terminal and page say the same.

#include <string>
#include <vector>

#include "axioms/alignment.h"
#include "tasks/task.h"
#include "tools/discovery_fields.h"
#include "tools/network_fields.h"
#include "tools/prove_fields.h"
#include "tools/sentences.h"

namespace assay::tools {

/// @param task  null where the record does not say: earlier searches did not.
/// @throws std::invalid_argument for a row that no validation has.
std::vector<TextPiece> attack_sentence(const AttackRecord& record, const tasks::Task* task);
/// Where the value of a node lives.
std::vector<TextPiece> place_sentence(const axioms::Alignment& alignment, const tasks::Task& task);
std::string overlap_sentence(const CircuitComparison& comparison);
int64_t edges_in_either(const CircuitComparison& comparison);
std::vector<TextPiece> solution_sentence(const SolutionRecord& record);

}  // namespace assay::tools
