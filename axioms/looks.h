#pragma once
// Looking at a check again and again until all claims are decided.

#include <optional>
#include <vector>

#include "axioms/checker.h"
#include "axioms/claim.h"
#include "axioms/report.h"

namespace assay::axioms {

/// Remembers of each claim the first look that decided it: what is decided stays decided, whatever
/// comes while the others are looked at. A claim that holds by its numbers is looked at further
/// until it is told from chance, too.
class Looks {
 public:
  /// @param begun  the report of the same run that this one goes on from; null: a run from its
  ///   start.
  /// @param proofs  claims on rows that never fail are decided, and those on rows that are equal to
  ///   others are decided by these.
  Looks(std::vector<Claim> claims, double confidence, const Report* begun = nullptr,
        const std::optional<Proofs>& proofs = {});

  /// @param so_far  counts since the beginning, or since what was begun.
  /// @returns whether all claims are decided.
  bool look(const CheckResult& so_far);

  /// Says in the report of all counts when each claim was decided, and concludes.
  void note(Report& report) const;

 private:
  /// A claim, and what it is decided by.
  struct Watched {
    Claim claim;
    std::string node;  ///< and axiom, of the row that carries the evidence
    Axiom axiom;
    bool never = false;  ///< proved, so that only chance is left to be told from
    Counts before = {};  ///< that were there at the start
    std::optional<statistics::Estimate> decided_at = {};
  };
  bool decides(const Watched& watched, const Counts& counts) const;

  double confidence_, level_ = 0;
  std::vector<Watched> claims_;
};

}  // namespace assay::axioms
