#pragma once
// The circuit that an interpretation implies: which components its nodes live in, and which edges
// carry values from node to node. Compared with a discovered circuit it says what the
// interpretation does not mention but the network needs, and the other way round.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "circuits/components/component_graph.h"
#include "circuits/interpretation/interpretation.h"

namespace assay::circuits {

/// Components of one node: those that write what its sites hold, after everything that its parents'
/// sites hold has been written.
using ComponentsOfNodes = std::map<std::string, std::vector<Component>>;
/// @param places  of the network that both are about.
ComponentsOfNodes components_of_nodes(const Interpretation& interpretation,
                                      const ComponentGraph& graph, const interp::Places& places);

/// Edges into a node's components from the same node's or from its parents' components.
/// @return bool [rows, columns] of the graph.
at::Tensor implied_edges(const Interpretation& interpretation, const ComponentGraph& graph,
                         const interp::Places& places);

}  // namespace assay::circuits
