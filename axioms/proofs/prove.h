#pragma once
// All statements about one interpretation of one network.

#include <atomic>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "axioms/proofs/pieces.h"
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
  /// A statement that needs more memory than so many bytes is not begun: it stays open.
  double most_bytes = std::numeric_limits<double>::infinity();
  /// Statements of the same study that were decided before: they are taken over.
  std::vector<Statement> decided = {};
  /// After each statement that was worked on here, with all so far.
  std::function<void(const std::vector<Statement>& so_far)> on_decided = {};
  Kept kept = {};  ///< the pieces of the statement that is being worked on
};

std::vector<std::string> statement_names();

/// @throws std::invalid_argument for a statement that does not exist, or that applies to no node.
/// If memory runs out, the statement that is being worked on stays open.
std::vector<Statement> prove(const Study& study, const ProveOptions& options);

/// About how many bytes the statement that needs most of them does, beside the network.
double bytes_to_prove(const Study& study, const ProveOptions& options);

}  // namespace assay::proofs
