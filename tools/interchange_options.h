#pragma once
// `--interchange`, `--unmapped` and `--sources` of validate: which values are exchanged between
// which inputs.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "axioms/claim.h"
#include "axioms/interchange.h"
#include "tasks/task.h"
#include "tools/validation_inputs.h"

namespace CLI {
class App;
}

namespace assay::tools {

struct InterchangeOptions {
  bool interchange = false, unmapped = false;
  std::string sources;  ///< `inputs`, `all` or `counterfactuals`; empty: inputs
};
void add_interchange_options(CLI::App& app, InterchangeOptions& options);

struct ChosenInterchange {
  axioms::Interchange interchange;
  std::string sources;  ///< in words, for the report
};

/// None unless an option asks for it or a claim is about it. Fresh inputs have fresh draws as
/// sources, from another seed; inputs that are listed have each other. `task` and `inputs` must
/// outlive it.
/// @param seed  of the inputs.
/// @throws std::invalid_argument for lines of a file that are said to be independent draws (as
///   sources of each other they would not be), for all pairs of inputs that are drawn or too many,
///   and for counterfactual pairs of inputs that are not drawn or that have none.
std::optional<ChosenInterchange> choose_interchange(const InterchangeOptions& options,
                                                    const std::vector<axioms::Claim>& claims,
                                                    const tasks::Task& task,
                                                    const ValidationInputs& inputs, uint64_t seed);

}  // namespace assay::tools
