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

namespace assay::tasks {

/// What a table is made on.
struct MutationTrial {
  const interp::Network& network;
  axioms::Inputs inputs;
  int64_t count = 0;
  bool exhaustive = false;  ///< the inputs are all there are: rates are compared, no bounds
  axioms::Decision decision = {};
  double confidence = 0.95;
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

/// A result for every mutation that applies, with each seed; where a seed changes nothing in the
/// title, for one of them. No result depends on another.
class MutationTable {
 public:
  /// @param interpretation  must outlive the table.
  MutationTable(const circuits::Interpretation& interpretation,
                const std::vector<circuits::Mutation>& mutations,
                const std::vector<uint64_t>& seeds, MutationTrial trial);

  int64_t size() const { return std::ssize(mutated_); }
  /// Validates the mutated interpretation; the first time, the unchanged one as well.
  MutationResult result(int64_t index);

 private:
  struct Mutated {
    std::string mutation;
    uint64_t seed = 0;
    circuits::Interpretation interpretation;
  };
  const circuits::Interpretation& interpretation_;
  MutationTrial trial_;
  std::vector<Mutated> mutated_;
  std::optional<std::vector<MutatedRow>> before_;
};

}  // namespace assay::tasks
