#include "tools/page/interpretation_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "axioms/report.h"
#include "tasks/page/figure.h"
#include "tools/page/layered.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::Html;

constexpr size_t kStepsDrawn = 60;
constexpr const char* kInput = "the input";

}  // namespace

Html interpretation_graph(const axioms::Report& report) {
  if (report.nodes.empty() || report.nodes.size() > kStepsDrawn) return {};
  std::map<std::string, size_t> places = {{circuits::kTokens, 0}};  // parents come first
  std::vector<int64_t> layers = {0};
  for (const axioms::ReportNode& node : report.nodes) {
    int64_t layer = 1;
    for (const std::string& parent : node.definition.parents)
      if (const auto found = places.find(parent); found != places.end())
        layer = std::max(layer, layers[found->second] + 1);
    places.emplace(node.name, layers.size());
    layers.push_back(layer);
  }
  const std::vector<NodePlace> spots = places_of(layers);
  Html lines, nodes = node_mark(spots[0], kInput, "given");
  Csv csv = {{"from", "to"}};
  std::string alt = "The steps as a graph.";
  for (size_t i = 0; i < report.nodes.size(); ++i) {
    const axioms::ReportNode& node = report.nodes[i];
    std::string from;
    for (const std::string& parent : node.definition.parents) {
      const auto found = places.find(parent);
      if (found == places.end()) continue;
      const std::string name = found->second == 0 ? kInput : parent;
      lines += connection(spots[found->second], spots[i + 1], "e", {});
      csv.push_back({name, node.name});
      from += (from.empty() ? "" : ", ") + name;
    }
    alt += fmt::format(" {} from {}.", node.name, from);
    nodes += node_mark(spots[i + 1], node.name, "");
  }
  return tasks::page::figure("steps", alt, layered_svg(spots, lines, nodes, "steps"),
                             "Every step stands below those that it is computed from.", csv);
}

}  // namespace assay::tools::page
