#pragma once
// What an interpretation calls irrelevant: at a node, the parts of S_v that α does not read, and
// around the last nodes, components whose output reaches the logits without passing through them.
//
// A component behind a node's sites computes the later steps from the node's value, so it is part
// of the claim. If the answer is computed from some nodes alone, whatever does not come from their
// sites and still reaches the logits is not.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "axioms/experiment.h"

namespace assay::axioms {

struct Unmapped {
  std::string name;
  /// Of each site of its node, which elements: bool, broadcasts to the site's value without the
  /// batch.
  std::vector<at::Tensor> masks;
};

/// A step with the sites that it is about and what of them is mapped.
struct MappedNode {
  size_t step = 0;
  std::vector<interp::Site> sites = {};
  std::vector<at::Tensor> mapped = {};  ///< of each site, what α reads: as Unmapped::masks
  std::vector<Unmapped> parts = {};     ///< the rest
};

/// S_v of a step. @param n_pos  tokens of an input.
MappedNode mapped_node(const Experiment& experiment, size_t step, int64_t n_pos);

/// What leads around the nodes that the answer is computed from, as a node of the output: its sites
/// are theirs, which are mapped whole, and those of the components. No parts if there is nothing,
/// if it is not known what the network's places read, or if the answer is said to depend on the
/// tokens directly: what leads around may then be what carries them.
MappedNode around_all(const Experiment& experiment, int64_t n_pos);

}  // namespace assay::axioms
