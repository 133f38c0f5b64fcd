#pragma once
// Drawings of graphs, layer under layer: what a circuit and an interpretation that branches have in
// common. Places along a layer are shares of the room, so that a drawing is as wide as there is
// room; down the page they are pixels, so that a drawing is as high as its graph is deep.

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/page/html.h"

namespace assay::tools::page {

struct NodePlace {
  double x = 0;                  ///< share of the room
  int y = 0;                     ///< pixels
  bool abreast_of_many = false;  ///< on a telephone there is no room for its name
};

/// Where nodes stand: those of one layer side by side, in their order. Layers that have no node
/// take no room. @param layers  of each node, 0 at the top.
std::vector<NodePlace> places_of(const std::vector<int64_t>& layers);

/// A line from one node down to another. @param style  classes: `e`, `e hurts`.
tasks::page::Html connection(const NodePlace& from, const NodePlace& to, const std::string& style,
                             const tasks::page::Attributes& more);

/// A node with its name above it.
tasks::page::Html node_mark(const NodePlace& spot, const std::string& name,
                            const std::string& style);

/// @param lines  made by connection(). @param nodes  made by node_mark().
tasks::page::Html layered_svg(const std::vector<NodePlace>& spots, const tasks::page::Html& lines,
                              const tasks::page::Html& nodes, const std::string& style);

}  // namespace assay::tools::page
