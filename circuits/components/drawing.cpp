#include "circuits/components/drawing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace assay::circuits {
namespace {

using nlohmann::ordered_json;

/// All kept edges from one occurrence of a component to another.
struct Line {
  std::string ports;  // "qkv", "" for MLPs and logits
  double score = 0;   // sum; NaN where unscored
};
using Lines = std::map<std::pair<std::string, std::string>, Line>;

std::string occurrence(const Component& component, int64_t position) {
  return position < 0 ? to_string(component) : fmt::format("{}@{}", to_string(component), position);
}

Lines lines_of(const Circuit& circuit) {
  Lines lines;
  const ComponentGraph& graph = circuit.graph;
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  at::Tensor scores;
  if (circuit.scores.defined()) scores = circuit.scores.to(torch::kFloat64).contiguous().view({-1});
  for (int64_t id = 0; id < graph.n_edges(); ++id) {
    if (!kept.data_ptr<bool>()[id]) continue;
    const Edge edge = graph.edge(id);
    const Reader& reader = graph.readers()[edge.reader];
    Line& line = lines[{occurrence(graph.writers()[edge.writer], edge.position),
                        occurrence(reader.component, edge.position)}];
    if (reader.port != Port::Whole) line.ports += "qkv"[static_cast<size_t>(reader.port)];
    line.score += scores.defined() ? scores.data_ptr<double>()[id] : std::nan("");
  }
  return lines;
}

const char* fill_of(Kind kind) {
  switch (kind) {
    case Kind::Head:
      return "#dbe9f6";
    case Kind::Mlp:
      return "#fde3c8";
    default:
      return "#e7e7e7";
  }
}

// Stages in the order of computation: input, heads of block 0, MLP of block 0, …, logits.
int64_t stage_of(const Component& component, int64_t n_layers) {
  switch (component.kind) {
    case Kind::Input:
      return 0;
    case Kind::Head:
      return 1 + 2 * component.layer;
    case Kind::Mlp:
      return 2 + 2 * component.layer;
    case Kind::Logits:
      break;
  }
  return 1 + 2 * n_layers;
}

/// The occurrences of components that kept edges touch, stage by stage.
using Stages = std::map<int64_t, std::set<std::pair<int64_t, int64_t>>>;  // (component, position)

Stages stages_of(const Circuit& circuit) {
  const ComponentGraph& graph = circuit.graph;
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  Stages stages;
  const auto add = [&](const Component& component, int64_t position) {
    stages[stage_of(component, graph.n_layers())].insert({graph.index_of(component), position});
  };
  for (int64_t id = 0; id < graph.n_edges(); ++id) {
    if (!kept.data_ptr<bool>()[id]) continue;
    const Edge edge = graph.edge(id);
    add(graph.writers()[edge.writer], edge.position);
    add(graph.readers()[edge.reader].component, edge.position);
  }
  return stages;
}

std::string ranks_of(const Circuit& circuit) {
  const std::vector<Component> components = circuit.graph.components();
  std::string text;
  for (const auto& [stage, occurrences] : stages_of(circuit)) {
    text += "  { rank=same;\n";
    for (const auto& [index, position] : occurrences)
      text += fmt::format("    \"{}\" [fillcolor=\"{}\"];\n",
                          occurrence(components[index], position), fill_of(components[index].kind));
    text += "  }\n";
  }
  return text;
}

}  // namespace

std::string to_dot(const Circuit& circuit, const std::string& title) {
  const Lines lines = lines_of(circuit);
  double largest = 0;
  for (const auto& [ends, line] : lines)
    if (!std::isnan(line.score)) largest = std::max(largest, std::abs(line.score));
  std::string text = fmt::format(
      "digraph circuit {{\n  rankdir=BT; nodesep=0.3; ranksep=0.6; fontname=\"Helvetica\";\n"
      "  label={}; labelloc=t; fontsize=12;\n"
      "  node [shape=box, style=\"rounded,filled\", color=\"#555555\", fontname=\"Helvetica\", "
      "fontsize=12];\n  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.6];\n",
      nlohmann::json(title).dump());
  text += ranks_of(circuit);
  for (const auto& [ends, line] : lines) {
    const bool scored = !std::isnan(line.score) && largest > 0;
    const double share = scored ? std::sqrt(std::abs(line.score) / largest) : 0.3;
    text += fmt::format(
        "  \"{}\" -> \"{}\" [penwidth={:.2f}, color=\"#1f3b57{:02x}\"{}, label=\"{}\"{}];\n",
        ends.first, ends.second, 0.6 + 4 * share, static_cast<int>(80 + 175 * share),
        scored && line.score < 0 ? ", style=dashed" : "", line.ports,
        scored ? fmt::format(", tooltip=\"{:.4g}\"", line.score) : "");
  }
  return text + "}\n";
}

ordered_json to_attribution_graph(const Circuit& circuit, const AttributionGraphText& text) {
  const ComponentGraph& graph = circuit.graph;
  const Lines lines = lines_of(circuit);
  const auto last = static_cast<int64_t>(text.prompt_tokens.size()) - 1;
  std::map<std::string, double> influence;
  ordered_json links = ordered_json::array();
  for (const auto& [ends, line] : lines) {
    const double weight = std::isnan(line.score) ? 0 : line.score;
    links.push_back({{"source", ends.first}, {"target", ends.second}, {"weight", weight}});
    influence[ends.first] += std::abs(weight);
    influence.try_emplace(ends.second, 0);
  }
  ordered_json nodes = ordered_json::array();
  const std::vector<Component> components = graph.components();
  for (const auto& [stage, occurrences] : stages_of(circuit)) {
    for (const auto& [index, position] : occurrences) {
      const Component& component = components[index];
      const std::string name = occurrence(component, position);
      const char* type = component.kind == Kind::Input    ? "embedding"
                         : component.kind == Kind::Logits ? "logit"
                         : component.kind == Kind::Mlp    ? "mlp"
                                                          : "attention head";
      nodes.push_back(
          {{"node_id", name},
           {"feature", component.head},
           {"layer", component.kind == Kind::Input ? "E" : std::to_string(component.layer)},
           {"ctx_idx", position < 0 ? last : position},
           {"feature_type", type},
           {"jsNodeId", name},
           {"clerp", to_string(component)},
           {"influence", influence[name]}});
    }
  }
  std::string prompt = fmt::format("{}", fmt::join(text.prompt_tokens, " "));
  return {{"metadata",
           {{"slug", text.slug},
            {"scan", text.scan},
            {"prompt_tokens", text.prompt_tokens},
            {"prompt", prompt}}},
          {"qParams",
           {{"pinnedIds", ordered_json::array()},
            {"supernodes", ordered_json::array()},
            {"linkType", "both"},
            {"clickedId", ""},
            {"sg_pos", ""}}},
          {"nodes", nodes},
          {"links", links}};
}

}  // namespace assay::circuits
