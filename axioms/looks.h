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
  Looks(std::vector<Claim> claims, double confidence, const Report* begun = nullptr);

  /// @param so_far  counts since the beginning, or since what was begun.
  /// @returns whether all claims are decided.
  bool look(const CheckResult& so_far);

  /// Says in the report of all counts when each claim was decided, and concludes.
  void note(Report& report) const;

 private:
  bool decides(const Claim& claim, const Counts& counts) const;

  std::vector<Claim> claims_;
  double confidence_, level_;
  std::vector<Counts> before_;  // of each claim, those that were there at the start
  std::vector<std::optional<statistics::Estimate>> decided_at_;
};

}  // namespace assay::axioms
