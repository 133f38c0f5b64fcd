#include "circuits/components/implied_circuit.h"

#include <torch/types.h>

#include <algorithm>
#include <set>

namespace assay::circuits {
namespace {

using interp::Site;

// Components of the network that may have had a part in what a node's sites hold.
std::set<int> contributors(const Node& node, const interp::Places& places) {
  std::set<int> found;
  for (const Site& site : node.sites)
    found.merge(interp::contributors(places, places.at(site.place)));
  return found;
}

// Those of one component: all its heads, or the one to which a site within it is narrowed.
void insert(std::set<int64_t>& found, const Site& site, int component, const interp::Places& places,
            const ComponentGraph& graph) {
  const interp::ComponentPlaces& part = places.components[component];
  const int64_t first = graph.index_of(Component{part.kind, part.layer, 0});
  const bool narrowed = site.head && places[places.at(site.place)].component == component;
  for (int64_t head = 0; head < part.count; ++head)
    if (!narrowed || head == *site.head) found.insert(first + head);
}

}  // namespace

ComponentsOfNodes components_of_nodes(const Interpretation& interpretation,
                                      const ComponentGraph& graph, const interp::Places& places) {
  std::map<std::string, std::set<int>> contributing;
  for (const Node& node : interpretation.nodes)
    contributing[node.name] = contributors(node, places);
  ComponentsOfNodes components;
  const std::vector<Component> all = graph.components();
  for (const Node& node : interpretation.nodes) {
    std::set<int> before;
    for (const std::string& parent : node.parents)
      if (parent != kTokens) before.merge(std::set(contributing.at(parent)));
    std::set<int64_t> found;
    for (const Site& site : node.sites)
      for (const int component : interp::contributors(places, places.at(site.place)))
        if (!before.contains(component)) insert(found, site, component, places, graph);
    for (const int64_t i : found) components[node.name].push_back(all[i]);
  }
  return components;
}

at::Tensor implied_edges(const Interpretation& interpretation, const ComponentGraph& graph,
                         const interp::Places& places) {
  const ComponentsOfNodes components = components_of_nodes(interpretation, graph, places);
  at::Tensor kept = at::zeros({graph.rows(), graph.columns()}, torch::kBool);
  const auto contains = [&](const std::string& node, const Component& component) {
    const auto found = components.find(node);
    return found != components.end() &&
           std::ranges::find(found->second, component) != found->second.end();
  };
  for (const Node& node : interpretation.nodes) {
    for (int64_t column = 0; column < graph.columns(); ++column) {
      const Edge edge = graph.edge(column);
      if (!contains(node.name, graph.readers()[edge.reader].component)) continue;
      const Component& writer = graph.writers()[edge.writer];
      const bool carried = contains(node.name, writer) ||
                           std::ranges::any_of(node.parents, [&](const std::string& parent) {
                             return contains(parent, writer);
                           });
      if (carried) kept.select(1, column).fill_(true);
    }
  }
  return kept;
}

}  // namespace assay::circuits
