#include "circuits/interpretation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
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

}  // namespace

std::vector<size_t> topological_order(const Interpretation& interpretation) {
  const auto index = index_by_name(interpretation);
  find_node(index, interpretation.output, "the output");
  Graph graph(interpretation.nodes.size());
  for (size_t child = 0; child < interpretation.nodes.size(); ++child)
    for (const std::string& parent : interpretation.nodes[child].parents)
      if (parent != kTokens)
        boost::add_edge(
            find_node(index, parent, fmt::format("parent of '{}'", interpretation.nodes[child].name)),
            child, graph);
  std::vector<size_t> order;
  try {
    boost::topological_sort(graph, std::back_inserter(order));
  } catch (const boost::not_a_dag&) {
    throw std::invalid_argument("interpretation: its nodes form a cycle, expected a directed acyclic graph");
  }
  std::ranges::reverse(order);
  return order;
}

}  // namespace assay::circuits
