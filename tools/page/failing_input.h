#pragma once
// Inputs on which an interpretation fails, with all that the page says of them: both sides' values
// at every node, and what the answer becomes when the explanation's value is put in.

#include <optional>
#include <string>
#include <vector>

#include "tools/page/head_maps.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// A row that fails on an input, and what its witness says.
struct FailingRow {
  std::string node, axiom, name;  ///< name: `evaluate.PE`
  int64_t failures = 0, n = 0;    ///< of the row
  Json network, interpretation;
  /// Of an interchange the inputs that its values or activations came from.
  std::vector<std::vector<int64_t>> sources = {};
  bool is_interchange() const { return axiom == "II" || axiom == "IA" || axiom == "UM"; }
  /// Whether it is about the answer, and not about a step's value.
  bool is_decision() const { return axiom == "PR" || axiom == "CR" || is_interchange(); }
};

/// Both sides of one node.
struct BothSides {
  size_t node = 0;  ///< index in the report
  Json network, interpretation;
  bool same = true;
};

/// The lead of the network's own answer over the next one, in logits: negative where the answer
/// changes.
struct PutIn {
  size_t node = 0;
  double lead = 0;
  int64_t decision = 0;  ///< index into the task's answers, or -1
};

struct FailingInput {
  int64_t index = 0;  ///< in the stream
  std::vector<int64_t> tokens;
  std::vector<FailingRow> rows;
  std::vector<BothSides> steps;  ///< all nodes; without the network those that witnesses tell
  std::optional<int64_t> decision = {};  ///< the network's own
  double lead = 0;                       ///< of that decision
  std::vector<PutIn> put_in;        ///< with the value from the input; empty without the network
  std::vector<HeadMap> heads = {};  ///< of the attention, where there is room
  std::vector<std::string> pieces = {};  ///< of `heads`
};

/// At least one input of every failing row as far as `at_most` goes, then others, by index.
struct FailingInputs {
  std::vector<FailingInput> shown;
  int64_t kept = 0;  ///< in the record
};
FailingInputs failing_inputs(const Run& run, size_t at_most);

}  // namespace assay::tools::page
