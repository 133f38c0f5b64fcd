#pragma once
// Circuits as pictures: DOT for Graphviz, and the attribution-graph JSON of circuit-tracer viewers.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/components/circuit.h"

namespace assay::circuits {

/// Kept edges in DOT, inputs at the bottom, one rank per stage of the network. Edges of one writer
/// into one head are drawn as one, labelled with what it reads (q, k, v); width and opacity follow
/// the absolute score, edges that hurt (negative score) are dashed.
std::string to_dot(const Circuit& circuit, const std::string& title);

/// What the viewer of attribution graphs shows around a circuit.
struct AttributionGraphText {
  std::string slug, scan;                  ///< short name of the graph, name of the model
  std::vector<std::string> prompt_tokens;  ///< as text
};
/// The attribution-graph JSON of circuit-tracer and Neuronpedia: metadata, qParams, nodes, links.
/// In a circuit without positions every component stands at the last one.
nlohmann::ordered_json to_attribution_graph(const Circuit& circuit,
                                            const AttributionGraphText& text);

}  // namespace assay::circuits
