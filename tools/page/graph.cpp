// The interpretation as a graph: every node says how often it fails, and opens to what it is.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasks/registry.h"
#include "tools/brief.h"
#include "tools/graphviz.h"
#include "tools/page/axiom_rows.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

constexpr size_t kNodesDrawn = 100;

/// Nodes are coloured by decade: 0 no failure, 1 up to 0.1%, 2 up to 1%, 3 up to 10%, 4 above.
int level_of(double rate) {
  if (rate == 0) return 0;
  return std::clamp(4 + static_cast<int>(std::ceil(std::log10(rate))), 1, 4);
}

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_dot(const Json& nodes, const std::vector<AxiomRow>& rows) {
  std::string dot =
      "digraph {\n  rankdir=LR; bgcolor=transparent; nodesep=0.5; ranksep=0.7;\n"
      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=15, "
      "margin=\"0.32,0.16\", height=0.9];\n  edge [arrowsize=0.7];\n"
      "  \"tokens\" [class=\"input\", label=\"tokens\"];\n";
  const int decimals = decimals_of(rows);
  for (const Json& node : nodes) {
    const std::string name = node.at("node");
    const double rate = worst_rate(rows, name);
    dot += fmt::format("  {} [class=\"node level{}\", label={}];\n", quoted(name), level_of(rate),
                       quoted(fmt::format("{}\nε {}", name, percent(rate, decimals))));
    for (const Json& parent : node.at("parents"))
      dot += fmt::format("  {} -> {};\n", quoted(parent), quoted(name));
  }
  return dot + "}\n";
}

/// A parameter as its operation puts it, or as it stands.
std::string parameter_text(const std::string& name, const Json& value, const Json& operation) {
  const std::string called = operation.at("operation");
  const auto& known = tasks::operations().functions;
  if (!known.contains(called) || !known.at(called).in_words) return brief(value);
  const std::string text =
      known.at(called).in_words({called, nlohmann::json(operation.at("parameters")), {}}, name);
  return text.empty() ? brief(value) : text;
}

std::string operation_text(const Json& operation) {
  std::string text = operation.at("operation");
  for (const auto& [name, value] : operation.at("parameters").items())
    text += fmt::format("; {}: {}", name, parameter_text(name, value, operation));
  return text;
}

std::string joined(const Json& texts) {
  std::string all;
  for (const Json& text : texts)
    all += (all.empty() ? "" : ", ") + shortened(text.get<std::string>(), 160);
  return all;
}

Json evidence_of(const Json& node) {
  Json facts = Json::array();
  for (const Json& fact : node.at("evidence"))
    facts.push_back(
        {{"text", fact.value("statement", "")}, {"supports", fact.value("supports", true)}});
  return facts;
}

std::string cut_in_words(const Json& node) {
  const Json& complete = node.at("complete_cut");
  if (complete.is_null()) return "not known: nobody has said what the places of this network read";
  if (complete.get<bool>()) return "complete: whatever the network knows later has passed here";
  return "not complete, the network can still know by " + joined(node.at("path_around"));
}

Json node_details(const Json& node) {
  std::vector<Fact> rows = {{"computed from", joined(node.at("parents"))},
                            {"h, what is computed", operation_text(node.at("h")), true},
                            {"α, how it is read", operation_text(node.at("alpha")), true},
                            {"read at", joined(node.at("reads")), true},
                            {"γ, how it is written", operation_text(node.at("gamma")), true},
                            {"written at", joined(node.at("sites")), true},
                            {"equal values", node.at("equality"), true},
                            {"cut", cut_in_words(node)}};
  const int64_t inherited = node.at("inherited_failures"),
                introduced = node.at("introduced_failures");
  rows.push_back({"PE failures", inherited + introduced == 0
                                     ? "none"
                                     : fmt::format("{} inherited from a parent, {} introduced here",
                                                   grouped(inherited), grouped(introduced))});
  return {{"facts", facts(rows)}, {"evidence", evidence_of(node)}};
}

}  // namespace

std::optional<Section> graph_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  Section section{.title = "The interpretation", .run = {}};
  const Json& nodes = run.report.at("nodes");
  const auto is_defined = [](const Json& node) { return node.contains("h"); };
  if (nodes.empty() || !std::ranges::all_of(nodes, is_defined)) {
    section.blocks.push_back(absent("The nodes",
                                    "an earlier version of Assay wrote this report, "
                                    "without what the nodes are"));
    return section;
  }
  if (nodes.size() > kNodesDrawn) {
    section.blocks.push_back(absent(fmt::format("The {} nodes", nodes.size()),
                                    fmt::format("more than {} cannot be told apart", kNodesDrawn)));
    return section;
  }
  const std::vector<AxiomRow> rows = axiom_rows(run.report);
  Json details = Json::object();
  for (const Json& node : nodes) details[node.at("node").get<std::string>()] = node_details(node);
  section.blocks.push_back(
      {{"type", "graph"},
       {"caption",
        "Each node is a step that the network is said to take; ε is the largest of its "
        "four failure rates. Choose a node to see how its value is computed, read and "
        "written."},
       {"svg", svg_of_dot(to_dot(nodes, rows))},
       {"nodes", details}});
  return section;
}

}  // namespace assay::tools::page
