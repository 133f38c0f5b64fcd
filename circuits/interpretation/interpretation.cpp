#include "circuits/interpretation/interpretation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
#include <stdexcept>

namespace assay::circuits {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

std::map<std::string, size_t> index_by_name(const Interpretation& interpretation) {
  std::map<std::string, size_t> index;
  for (const Node& node : interpretation.nodes)
    if (node.name == kTokens || !index.emplace(node.name, index.size()).second)
      throw std::invalid_argument(
          fmt::format("interpretation: the node name '{}' is taken twice", node.name));
  return index;
}

size_t find_node(const std::map<std::string, size_t>& index, const std::string& name,
                 const std::string& role) {
  const auto found = index.find(name);
  if (found != index.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& entry : index) names.push_back(entry.first);
  throw std::invalid_argument(fmt::format("interpretation: {} '{}' is not among the nodes {}", role,
                                          name, fmt::join(names, ", ")));
}

// Names of the nodes that lie on cycles: those in a strongly connected component with an edge
// inside.
std::vector<std::string> nodes_on_cycles(const Graph& graph, const Interpretation& interpretation) {
  std::vector<size_t> component(interpretation.nodes.size());
  boost::strong_components(graph, boost::make_iterator_property_map(
                                      component.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<std::string> names;
  for (size_t v = 0; v < component.size(); ++v) {
    const auto [first, last] = boost::out_edges(v, graph);
    if (std::any_of(first, last, [&](const auto& edge) {
          return component[boost::target(edge, graph)] == component[v];
        }))
      names.push_back(interpretation.nodes[v].name);
  }
  return names;
}

}  // namespace

std::vector<size_t> topological_order(const Interpretation& interpretation) {
  const auto index = index_by_name(interpretation);
  find_node(index, interpretation.output, "the output");
  Graph graph(interpretation.nodes.size());
  for (size_t child = 0; child < interpretation.nodes.size(); ++child)
    for (const std::string& parent : interpretation.nodes[child].parents)
      if (parent != kTokens)
        boost::add_edge(find_node(index, parent,
                                  fmt::format("parent of '{}'", interpretation.nodes[child].name)),
                        child, graph);
  std::vector<size_t> order;
  try {
    boost::topological_sort(graph, std::back_inserter(order));
  } catch (const boost::not_a_dag&) {
    throw std::invalid_argument(
        fmt::format("interpretation: the nodes {} form a cycle, expected a directed acyclic graph",
                    fmt::join(nodes_on_cycles(graph, interpretation), ", ")));
  }
  std::ranges::reverse(order);
  return order;
}

}  // namespace assay::circuits
