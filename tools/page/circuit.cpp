// A circuit as a graph, layer under layer, that one can search and filter by weight (circuit.js),
// and its heaviest edges with their weights.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "circuits/components/circuit_file.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "tasks/page/figure.h"
#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using circuits::Circuit;
using circuits::Component;
using circuits::ComponentGraph;
using circuits::Kind;
using tasks::page::Bar;
using tasks::page::Csv;
using tasks::page::Html;
using tasks::page::mark;
using tasks::page::place;
using tasks::page::tag;

constexpr size_t kEdgesListed = 20, kLinesDrawn = 2000, kNamesAbreast = 8;
constexpr int kLayer = 62, kTop = 24;  // pixels

std::filesystem::path file_of(const Run& run) {
  if (run.kind == RunKind::Circuit) return run.path;
  const Json& circuit = run.report.at("circuit");
  const std::filesystem::path path = circuit.at("path").get<std::string>();
  if (interp::sha256(interp::read_file(path, interp::kJsonBytes)) != circuit.at("sha256"))
    throw std::runtime_error(fmt::format("{} has changed since", path.string()));
  return path;
}

struct KeptEdge {
  circuits::Edge edge;
  std::string name;
  double score = 0;  ///< NaN where it was not scored
};

std::vector<KeptEdge> kept_edges(const Circuit& circuit) {
  std::vector<KeptEdge> edges;
  at::Tensor scores;
  if (circuit.scores.defined()) scores = circuit.scores.to(torch::kFloat64).contiguous().view({-1});
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  for (int64_t id = 0; id < circuit.graph.n_edges(); ++id)
    if (kept.data_ptr<bool>()[id])
      edges.push_back({circuit.graph.edge(id), circuit.graph.name(id),
                       scores.defined() ? scores.data_ptr<double>()[id] : std::nan("")});
  const auto weight = [](const KeptEdge& edge) {
    return std::isnan(edge.score) ? -1.0 : std::abs(edge.score);
  };
  std::ranges::stable_sort(edges, std::greater(), weight);
  return edges;
}

Csv csv_of(const std::vector<KeptEdge>& edges) {
  Csv csv = {{"edge", "weight"}};
  for (const KeptEdge& edge : edges)
    csv.push_back({edge.name, std::isnan(edge.score) ? "" : fmt::format("{}", edge.score)});
  return csv;
}

// --- the drawing

/// All edges from one component to another, whatever they carry and wherever.
struct Connection {
  std::string carries;  // `qkv`, without repetitions
  double weight = 0;    // the score largest in size
  int64_t edges = 0;
};
using Connections =
    std::map<std::pair<int64_t, int64_t>, Connection>;  // by index among the components

Connections connections_of(const Circuit& circuit, const std::vector<KeptEdge>& edges) {
  const ComponentGraph& graph = circuit.graph;
  Connections lines;
  for (const KeptEdge& kept : edges) {
    const circuits::Reader& reader = graph.readers()[kept.edge.reader];
    Connection& line = lines[{kept.edge.writer, graph.index_of(reader.component)}];
    if (reader.port != circuits::Port::Whole) {
      const char port = "qkv"[static_cast<size_t>(reader.port)];
      if (line.carries.find(port) == line.carries.npos) line.carries += port;
    }
    if (std::abs(kept.score) > std::abs(line.weight)) line.weight = kept.score;
    ++line.edges;
  }
  return lines;
}

int64_t layer_of(const Component& component, int64_t n_layers) {
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

struct Spot {
  double x = 0;
  int y = 0;
  bool abreast_of_many = false;
};

/// Where the components stand: layers under each other, those of one layer side by side. Layers
/// that a network does not have take no room.
std::vector<Spot> spots_of(const ComponentGraph& graph) {
  std::map<int64_t, std::vector<int64_t>> layers;
  const std::vector<Component> components = graph.components();
  for (int64_t i = 0; i < std::ssize(components); ++i)
    layers[layer_of(components[i], graph.n_layers())].push_back(i);
  std::vector<Spot> spots(components.size());
  int row = 0;
  for (const auto& [layer, members] : layers) {
    for (size_t i = 0; i < members.size(); ++i)
      spots[members[i]] = {(static_cast<double>(i) + 0.5) / static_cast<double>(members.size()),
                           kTop + kLayer * row, members.size() > kNamesAbreast};
    ++row;
  }
  return spots;
}

Html edge_mark(const Connection& line, const std::string& name, const Spot& from, const Spot& to,
               double heaviest) {
  const double share = heaviest > 0 ? std::abs(line.weight) / heaviest : 0;
  return mark("line", {{"class", line.weight < 0 ? "e hurts" : "e"},
                       {"x1", place(from.x)},
                       {"y1", fmt::to_string(from.y)},
                       {"x2", place(to.x)},
                       {"y2", fmt::to_string(to.y)},
                       {"stroke-width", fmt::format("{:.2f}", 0.7 + 3.8 * share)},
                       {"data-name", name},
                       {"data-share", fmt::format("{:.4f}", share)}});
}

Html layers_svg(const Circuit& circuit, const Connections& lines) {
  const ComponentGraph& graph = circuit.graph;
  const std::vector<Component> components = graph.components();
  const std::vector<Spot> spots = spots_of(graph);
  double heaviest = 0;
  for (const auto& [ends, line] : lines) heaviest = std::max(heaviest, std::abs(line.weight));
  Html marks;
  std::vector<bool> touched(components.size());
  int bottom = 0;
  for (const Spot& spot : spots) bottom = std::max(bottom, spot.y);
  for (const auto& [ends, line] : lines) {
    touched[ends.first] = touched[ends.second] = true;
    const std::string carries = line.carries.empty() ? "" : fmt::format(" ({})", line.carries);
    marks += edge_mark(line,
                       fmt::format("{} → {}{}", to_string(components[ends.first]),
                                   to_string(components[ends.second]), carries),
                       spots[ends.first], spots[ends.second], heaviest);
  }
  for (size_t i = 0; i < components.size(); ++i) {
    const std::string x = place(spots[i].x), y = fmt::to_string(spots[i].y);
    const std::string style =
        std::string("n") + (touched[i] ? "" : " idle") + (spots[i].abreast_of_many ? " many" : "");
    marks += tag("g", {{"class", style}, {"data-name", to_string(components[i])}},
                 mark("circle", {{"cx", x}, {"cy", y}, {"r", "5"}}) +
                     tag("text", {{"x", x}, {"y", y}, {"dy", "-9"}, {"text-anchor", "middle"}},
                         to_string(components[i])));
  }
  return tag("svg", {{"class", "layers"}, {"height", fmt::to_string(bottom + 16)}}, marks);
}

Html finder(size_t lines) {
  return tag(
      "div", {{"class", "finder"}},
      tag("label", Html("search ") + mark("input", {{"type", "search"},
                                                    {"class", "search"},
                                                    {"placeholder", "m0, a1.h2"}})) +
          tag("label", Html("least weight ") + mark("input", {{"type", "range"},
                                                              {"class", "least"},
                                                              {"min", "0"},
                                                              {"max", "100"},
                                                              {"value", "0"}})) +
          tag("output", {{"class", "soft"}}, fmt::format("{} of {} connections", lines, lines)));
}

Json graph_figure(const Circuit& circuit, const std::vector<KeptEdge>& edges,
                  const Connections& lines) {
  const std::string size =
      fmt::format("{} of {} edges", grouped(circuit.size()), grouped(circuit.graph.n_edges()));
  const Html body =
      finder(lines.size()) +
      tag("div",
          {{"role", "img"},
           {"aria-label", fmt::format("A circuit of {}, from the input at the top to the "
                                      "logits at the bottom. Its edges are listed below "
                                      "and in the CSV file.",
                                      size)}},
          layers_svg(circuit, lines)) +
      tag("p", {{"class", "read small"}, {"aria-live", "polite"}}, "");
  return tasks::page::block(tasks::page::figure(
      "circuit", "", tag("div", {{"class", "circuit"}}, body),
      size +
          ", the input at the top. Width follows weight; dashed edges hurt. A letter says what a "
          "head reads: queries, keys, values.",
      csv_of(edges)));
}

Json weights_figure(std::vector<KeptEdge> edges) {
  std::erase_if(edges, [](const KeptEdge& edge) { return std::isnan(edge.score); });
  const size_t all = edges.size();
  edges.resize(std::min(all, kEdgesListed));
  std::vector<Bar> bars;
  for (const KeptEdge& edge : edges)
    bars.push_back({.label = edge.name,
                    .value = fmt::format("{:.3g}", edge.score),
                    .length = edges[0].score == 0 ? 0 : std::abs(edge.score / edges[0].score),
                    .tone = edge.score < 0 ? "quiet" : ""});
  const std::string caption = all > edges.size()
                                  ? fmt::format("The {} heaviest of {} edges.", edges.size(),
                                                grouped(static_cast<int64_t>(all)))
                                  : "The edges by weight.";
  return tasks::page::block(tasks::page::figure(
      "weights", "", tasks::page::bars(bars),
      caption + " A weight says how much the metric falls when the edge is cut; grey: it rises.",
      csv_of(edges)));
}

void show(const Circuit& circuit, Section& section) {
  const std::vector<KeptEdge> edges = kept_edges(circuit);
  const Connections lines = connections_of(circuit, edges);
  if (lines.size() > kLinesDrawn)
    section.blocks.push_back(absent(fmt::format("The {} connections as a drawing", lines.size()),
                                    fmt::format("more than {} cannot be told apart", kLinesDrawn)));
  else
    section.blocks.push_back(graph_figure(circuit, edges, lines));
  if (!edges.empty() && !std::isnan(edges[0].score))
    section.blocks.push_back(weights_figure(edges));
}

}  // namespace

std::optional<Section> circuit_section(const Run& run) {
  if (run.kind != RunKind::Circuit && run.kind != RunKind::Measurement &&
      run.kind != RunKind::Discovery)
    return std::nullopt;
  Section section{.title = "The circuit", .run = {}};
  try {
    show(circuits::load_circuit(file_of(run)).circuit, section);
  } catch (const std::runtime_error& error) {  // the page says why, and shows the rest
    section.blocks.push_back(absent("The circuit's edges", error.what()));
  }
  return section;
}

}  // namespace assay::tools::page
