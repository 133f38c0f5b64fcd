#pragma once
// The rows of a validation report, read back.

#include <optional>
#include <string>
#include <vector>

#include "tools/page/page.h"

namespace assay::tools::page {

struct AxiomRow {
  std::string node, axiom;
  std::string answer = {};  ///< of a claim about one answer
  std::string label() const { return answer.empty() ? axiom : axiom + "[" + answer + "]"; }
  int64_t n = 0, failures = 0;
  double rate = 0;
  double lower = 0, upper = 0;    ///< at the report's confidence; where it is exact, the rate
  std::string proved;             ///< what a proof says of it: `= or.PE`; empty: nothing
  double simultaneous_upper = 0;  ///< likewise, for all rows together
  struct Bounds {
    double lower = 0, upper = 1;
  };
  std::optional<Bounds> anytime;  ///< that hold wherever one stops, of a sequential run
  double by_chance = 0;           ///< the rate with the values of unrelated inputs
  int64_t pairs = 0;
  bool better_than_chance = false;
  struct Worst {
    int64_t answer = 0;  ///< index into the task's answers
    double rate = 0, upper = 1;
  };
  std::optional<Worst> worst;  ///< the answer on whose inputs it fails most
  std::optional<double> claim;
  std::string verdict;                   ///< empty without a claim
  std::optional<int64_t> decided_after;  ///< inputs, of a sequential run
  std::optional<int64_t> more_inputs;    ///< that would decide what it left undecided
  bool withheld = false;                 ///< it would hold by its numbers, but could not be tested
  bool chance_only = false;              ///< it would, but is no better than chance
  std::string because = {};              ///< either reason
  struct Plain {
    int64_t failures = 0;
    double rate = 0;
  };
  /// With values compared element by element, where the node's equality is `downstream`.
  std::optional<Plain> plain;
};

std::vector<AxiomRow> axiom_rows(const Json& report);

/// Decimals of a percentage that suit all these rows.
int decimals_of(const std::vector<AxiomRow>& rows);

/// The largest failure rate of one node.
double worst_rate(const std::vector<AxiomRow>& rows, const std::string& node);

}  // namespace assay::tools::page
