#include "circuits/implied_circuit.h"

#include <torch/types.h>

#include <algorithm>
#include <optional>
#include <set>

namespace assay::circuits {
namespace {

using interp::Hook;
using interp::Site;

// The last writers before a site's value is complete, narrowed to one head where the site is.
struct Reach {
  int64_t end = 0;                   // writers before this one may have contributed
  std::optional<int64_t> head = {};  // of the last group alone
};

int64_t first_of(const ComponentGraph& graph, Kind kind, int64_t layer) {
  for (const WriterGroup& group : graph.writer_groups())
    if (group.kind == kind && (kind == Kind::Input || group.layer == layer))
      return group.first_writer;
  return static_cast<int64_t>(graph.writers().size());
}

Reach reach_of(const Site& site, const ComponentGraph& graph) {
  const auto& [hook, layer] = site.place;
  const int64_t heads = first_of(graph, Kind::Head, layer), mlp = first_of(graph, Kind::Mlp, layer);
  switch (hook) {
    case Hook::Embed:
    case Hook::PosEmbed:
      return {1};
    case Hook::ResidPre:
    case Hook::Ln1:
      return {heads};
    case Hook::Q:
    case Hook::K:
    case Hook::V:
    case Hook::AttnScores:
    case Hook::Pattern:
    case Hook::Z:
      return {mlp, site.head};
    case Hook::AttnOut:
    case Hook::ResidMid:
    case Hook::Ln2:
      return {mlp};
    case Hook::MlpPre:
    case Hook::MlpPost:
    case Hook::MlpOut:
    case Hook::ResidPost:
      return {mlp + 1};
    case Hook::LnFinal:
      return {static_cast<int64_t>(graph.writers().size())};
    case Hook::Logits:
      break;
  }
  return {static_cast<int64_t>(graph.writers().size()) + 1};
}

int64_t end_of(const Node& node, const ComponentGraph& graph) {
  int64_t end = 0;
  for (const Site& site : node.sites) end = std::max(end, reach_of(site, graph).end);
  return end;
}

}  // namespace

ComponentsOfNodes components_of_nodes(const Interpretation& interpretation,
                                      const ComponentGraph& graph) {
  std::map<std::string, int64_t> ends;
  for (const Node& node : interpretation.nodes) ends[node.name] = end_of(node, graph);
  ComponentsOfNodes components;
  const std::vector<Component> all = graph.components();
  for (const Node& node : interpretation.nodes) {
    int64_t begin = 0;
    for (const std::string& parent : node.parents)
      if (parent != kTokens) begin = std::max(begin, ends.at(parent));
    std::set<int64_t> found;
    for (const Site& site : node.sites) {
      const Reach reach = reach_of(site, graph);
      for (int64_t i = begin; i < reach.end; ++i) {
        const bool other_head = reach.head && all[i].kind == Kind::Head &&
                                all[i].layer == site.place.layer && all[i].head != *reach.head;
        if (!other_head) found.insert(i);
      }
    }
    for (const int64_t i : found) components[node.name].push_back(all[i]);
  }
  return components;
}

at::Tensor implied_edges(const Interpretation& interpretation, const ComponentGraph& graph) {
  const ComponentsOfNodes components = components_of_nodes(interpretation, graph);
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
