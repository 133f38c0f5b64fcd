#pragma once
// Does validation catch every mutation, and on which node and axiom? Each row of the unchanged
// interpretation is taken as a claim: its rate is at most what was found. A mutation is caught
// where such a claim is violated, or by an objection (axioms/vacuity.h).

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "axioms/checker.h"
#include "axioms/vacuity.h"
#include "circuits/interpretation/interpretation.h"
#include "circuits/interpretation/mutation.h"
#include "interp/execution/shards.h"

namespace assay::tasks {

/// What a table is made on.
struct MutationTrial {
  const interp::Network& network;
  axioms::Inputs inputs;
  int64_t count = 0;
  bool exhaustive = false;  ///< the inputs are all there are: rates are compared, no bounds
  axioms::Decision decision = {};
  double confidence = 0.95;
  std::function<void(int64_t done, int64_t of)> on_progress = {};  ///< in mutated interpretations
  interp::Shard shard = {};  ///< of the mutated interpretations, not of the inputs
};

/// One node and axiom of a mutated interpretation.
struct MutatedRow {
  std::string node;
  axioms::Axiom axiom = axioms::Axiom::PE;
  statistics::Estimate before = {}, after = {};
  double claim = 0;  ///< upper bound of `before`; its rate, where exhaustive
  std::optional<int64_t> first_failure = {};  ///< index of the first failing input
  /// Inputs from which on the claim is violated, looked at after 128, 256, 512, … of them and at
  /// the end; none: at the end it is not.
  std::optional<int64_t> violated_after = {};

  bool caught() const { return violated_after.has_value(); }
};

struct MutationResult {
  std::string mutation;
  uint64_t seed = 0;
  std::string title;  ///< of the mutated interpretation
  std::vector<MutatedRow> rows;
  std::vector<axioms::Objection> objections;

  bool caught() const;  ///< by a row or by an objection
};

struct MutationTable {
  std::vector<MutationResult> results;  ///< of the shard
  int64_t mutations = 0;                ///< of all shards
};

/// Applies every mutation that applies with each seed; where a seed changes nothing in the title,
/// once. @throws std::invalid_argument for more shards than mutations.
MutationTable mutation_table(const circuits::Interpretation& interpretation,
                             const std::vector<circuits::Mutation>& mutations,
                             const std::vector<uint64_t>& seeds, const MutationTrial& trial);

}  // namespace assay::tasks
