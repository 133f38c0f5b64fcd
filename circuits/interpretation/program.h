#pragma once
// An interpretation made runnable: operations resolved, nodes in order, sites checked against a
// model.

#include <string>
#include <vector>

#include "circuits/interpretation/interpretation.h"
#include "circuits/interpretation/operations.h"

namespace assay::interp {
struct Places;
}

namespace assay::circuits {

struct Step {
  std::string name;
  std::vector<int> parents;  ///< indices of earlier steps; -1 is the input
  std::vector<interp::Site> sites, reads;
  Function h;
  Abstraction alpha;
  Concretisation gamma;
  Equality equality;  ///< empty: by downstream effect (operations.h)
};

struct Program {
  std::vector<Step> steps;  ///< each after its parents
  size_t output = 0;        ///< the step whose α reads the network's decision
};

/// @throws std::invalid_argument naming node and operation: for an operation that does not exist
/// (the
///   message lists those that do), bad numbers, sites that the model does not have, and an alpha
///   that reads outside of its node's sites.
Program compile(const Interpretation& interpretation, const Operations& operations,
                const interp::Places& places);

}  // namespace assay::circuits
