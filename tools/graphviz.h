#pragma once
// Pictures laid out by Graphviz.

#include <string>

namespace assay::tools {

/// SVG of a graph in DOT. @throws std::runtime_error if Graphviz refuses it.
std::string svg_of_dot(const std::string& dot);

}  // namespace assay::tools
