#pragma once
// The three-node interpretation of a network trained on 2-SAT (arXiv 2407.13594):
//   parse     after block 1, the position of each clause's second literal holds the clause
//   evaluate  hidden neurons of block 2's MLP at the readout test assignments
//   or        satisfiable iff any of these neurons is on

#include "tasks/registry.h"
#include "tasks/task.h"

namespace assay::tasks::two_sat {

/// `leaves` of each decision tree (4), `published`: thresholds and written values as published
/// instead of chosen on the deriving set (false).
std::vector<Option> derivation_options();

/// Fits the interpretation to a model on the formulas that `config` names.
/// @throws std::invalid_argument for an unknown variant, or a model without two blocks.
Derivation derive(const Task& task, int64_t variables, int64_t clauses,
                  const interp::Network& network, const DeriveConfig& config);

}  // namespace assay::tasks::two_sat
