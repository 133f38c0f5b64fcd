#pragma once
// Where sites lie in the network's computation graph. Is a node's set of sites a complete cut? Only
// then does replacing it leave no path along which the network could still know what was replaced.

#include <string>
#include <vector>

#include "interp/site.h"

namespace assay::interp {
struct TransformerConfig;
}

namespace assay::circuits {

/// Does every element of `site` belong to one of `sites`?
bool lies_within(const interp::Site& site, const std::vector<interp::Site>& sites,
                 const interp::TransformerConfig& config);

/// Can anything at any of these sites influence the logits at `readout`? What is written elsewhere
/// changes no answer.
/// @throws std::invalid_argument for a readout that is no position of the model.
bool reaches_readout(const std::vector<interp::Site>& sites,
                     const interp::TransformerConfig& config, int64_t readout);

/// One path from the tokens to the logits at `readout` that avoids the sites, as
/// `place@position` strings from the embedding to the logits; empty if the cut is complete.
/// Reachability in the network's computation graph (Boost.Graph's breadth-first search), unrolled
/// over positions: attention moves information to later positions only. A site narrowed to a head
/// or to neurons stops nothing unless all of them are covered.
/// @throws std::invalid_argument for a readout that is no position of the model.
std::vector<std::string> path_around(const std::vector<interp::Site>& sites,
                                     const interp::TransformerConfig& config, int64_t readout);

}  // namespace assay::circuits
