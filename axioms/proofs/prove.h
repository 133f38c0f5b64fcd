#pragma once
// All statements about one interpretation of one network.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "axioms/proofs/study.h"

namespace assay::proofs {

struct ProveOptions {
  std::vector<std::string> statements = {};  ///< empty: all that apply
  /// Leave out what says nothing of the rows of a validation: `output = specification`.
  bool rows_only = false;
  double attack_seconds = 5;  ///< for what cannot be listed
  uint64_t seed = 0;
  std::function<void(const std::string& what, int64_t done, int64_t of)> on_progress = {};
  const std::atomic<bool>* stop = nullptr;  ///< what is not begun by then stays open
  /// Statements of the same study that were decided before: they are taken over.
  std::vector<Statement> decided = {};
  /// After each statement that was decided here, with all so far.
  std::function<void(const std::vector<Statement>& so_far)> on_decided = {};
};

std::vector<std::string> statement_names();

/// @throws std::invalid_argument for a statement that does not exist, or that applies to no node.
std::vector<Statement> prove(const Study& study, const ProveOptions& options);

}  // namespace assay::proofs
