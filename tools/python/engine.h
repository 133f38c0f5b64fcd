#pragma once
// Parts of a validation, for an engine that has workers compute them (assay/engine.py).

#include <array>
#include <optional>
#include <vector>

#include "axioms/report.h"
#include "tools/python/bindings.h"
#include "tools/validation_run.h"

namespace assay::python {

/// Which part of a run a worker computes.
struct Share {
  interp::Shard shard;
  std::optional<int64_t> inputs;  ///< the first so many of the part's inputs, in whole chunks
};

/// @param given  (index, of, inputs or None); None: the whole run.
std::optional<Share> share_from(const py::object& given);

/// @throws std::invalid_argument as interp::range_of().
tools::Portion portion_of(const Share& share, const tools::Validation& validation);

/// What the rows with a claim have counted after some chunk, in their order: inputs, failures, and
/// the same with the values of unrelated inputs. A part cannot know whether a look decides a claim,
/// since that rests on the inputs before it; so it keeps what there was to see.
using Look = std::vector<std::array<int64_t, 4>>;
Look look_of(const axioms::Report& report);

void bind_engine(py::module_& m);

}  // namespace assay::python
