// A circuit as a graph, layer under layer, that one can search and filter by weight (circuit.js),
// and its heaviest edges with their weights.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "circuits/components/circuit_file.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "tasks/page/figure.h"
#include "tools/measure_text.h"
#include "tools/page/headline.h"
#include "tools/page/layered.h"
#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
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
using tasks::page::tag;

constexpr size_t kEdgesListed = 20, kDrawnAtFirst = 200, kLinesDrawn = 4000;

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

std::vector<int64_t> layers_of(const ComponentGraph& graph) {
  std::vector<int64_t> layers;
  for (const Component& component : graph.components())
    layers.push_back(layer_of(component, graph.n_layers()));
  return layers;
}

double heaviest_of(const Connections& lines) {
  double heaviest = 0;
  for (const auto& [ends, line] : lines) heaviest = std::max(heaviest, std::abs(line.weight));
  return heaviest;
}

double share_of(const Connection& line, double heaviest) {
  return heaviest > 0 ? std::abs(line.weight) / heaviest : 0;
}

/// The least share of the heaviest weight at which so many lines at most are left, as the slider
/// has it: a square root in per cent, so that there is room among the light ones.
int least_drawn(const Connections& lines, size_t at_most) {
  const double heaviest = heaviest_of(lines);
  std::vector<double> shares;
  for (const auto& [ends, line] : lines) shares.push_back(share_of(line, heaviest));
  if (shares.size() <= at_most || heaviest == 0) return 0;
  std::ranges::sort(shares, std::greater());
  return std::min(100, static_cast<int>(std::floor(100 * std::sqrt(shares[at_most]))) + 1);
}

bool is_drawn(double share, int least) {
  return share >= least / 100.0 * (least / 100.0);
}

Html edge_mark(const Connection& line, const std::string& name, const NodePlace& from,
               const NodePlace& to, double share, int least) {
  const std::string style = line.weight < 0 ? "e hurts" : "e";
  return connection(from, to, is_drawn(share, least) ? style : style + " out",
                    {{"stroke-width", fmt::format("{:.2f}", 0.7 + 3.8 * share)},
                     {"data-name", name},
                     {"data-share", fmt::format("{:.4f}", share)}});
}

Html drawn(const Circuit& circuit, const Connections& lines, int least) {
  const std::vector<Component> components = circuit.graph.components();
  const std::vector<NodePlace> spots = places_of(layers_of(circuit.graph));
  const double heaviest = heaviest_of(lines);
  std::vector<bool> touched(components.size());
  Html edges, nodes;
  for (const auto& [ends, line] : lines) {
    touched[ends.first] = touched[ends.second] = true;
    const std::string carries = line.carries.empty() ? "" : fmt::format(" ({})", line.carries);
    edges += edge_mark(line,
                       fmt::format("{} → {}{}", to_string(components[ends.first]),
                                   to_string(components[ends.second]), carries),
                       spots[ends.first], spots[ends.second], share_of(line, heaviest), least);
  }
  for (size_t i = 0; i < components.size(); ++i)
    nodes += node_mark(spots[i], to_string(components[i]), touched[i] ? "" : "idle");
  return layered_svg(spots, edges, nodes, "");
}

/// @param drawn  of so many lines, at first.
Html finder(size_t drawn, size_t lines, int least) {
  return tag(
      "div", {{"class", "finder"}},
      tag("label", Html("search ") + mark("input", {{"type", "search"},
                                                    {"class", "search"},
                                                    {"placeholder", "m0, a1.h2"}})) +
          tag("label", Html("least weight ") + mark("input", {{"type", "range"},
                                                              {"class", "least"},
                                                              {"min", "0"},
                                                              {"max", "100"},
                                                              {"value", fmt::to_string(least)}})) +
          tag("output", {{"class", "soft"}},
              fmt::format("{} of {} connections", grouped(static_cast<int64_t>(drawn)),
                          grouped(static_cast<int64_t>(lines)))));
}

Json graph_figure(const Circuit& circuit, const std::vector<KeptEdge>& edges,
                  const Connections& lines) {
  const std::string size = size_text(circuit.size(), circuit.graph.n_edges());
  const int least = least_drawn(lines, kDrawnAtFirst);
  const double heaviest = heaviest_of(lines);
  const auto at_first = static_cast<size_t>(std::ranges::count_if(
      lines, [&](const auto& line) { return is_drawn(share_of(line.second, heaviest), least); }));
  const Html body =
      finder(at_first, lines.size(), least) +
      tag("div",
          {{"role", "img"},
           {"aria-label", fmt::format("A circuit of {}, from the input at the top to the "
                                      "logits at the bottom. Its edges are listed below "
                                      "and in the CSV file.",
                                      size)}},
          drawn(circuit, lines, least)) +
      tag("p", {{"class", "read small"}, {"aria-live", "polite"}}, "");
  std::string caption =
      size +
      ", the input at the top. Width follows weight; dashed edges hurt. A letter says what a head "
      "reads: queries, keys, values. A click on a component shows its connections alone.";
  if (at_first < lines.size())
    caption += fmt::format(" At first the {} heaviest of {} connections are drawn.", at_first,
                           grouped(static_cast<int64_t>(lines.size())));
  return tasks::page::block(tasks::page::figure(
      "circuit", "", tag("div", {{"class", "circuit"}}, body), caption, csv_of(edges)));
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

/// How much of the network the circuit is.
Json circuit_headline(const Circuit& circuit) {
  const std::vector<KeptEdge> edges = kept_edges(circuit);
  std::set<int64_t> touched;
  for (const KeptEdge& kept : edges) {
    touched.insert(kept.edge.writer);
    touched.insert(circuit.graph.index_of(circuit.graph.readers()[kept.edge.reader].component));
  }
  std::vector<KeyFact> key = {
      {fmt::format("{} of {}", touched.size(), circuit.graph.components().size()),
       "components have a part in it, input and logits among them"}};
  if (!edges.empty() && !std::isnan(edges[0].score))
    key.push_back({edges[0].name, fmt::format("is the heaviest edge: cut alone, it lowers the "
                                              "metric by {:.3g}",
                                              edges[0].score)});
  return headline(circuit_sentence(circuit.size(), circuit.graph.n_edges()), key);
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
    const Circuit circuit = circuits::load_circuit(file_of(run)).circuit;
    if (run.kind != RunKind::Measurement) section.blocks.push_back(circuit_headline(circuit));
    show(circuit, section);
  } catch (const std::runtime_error& error) {  // the page says why, and shows the rest
    section.blocks.push_back(absent("The circuit's edges", error.what()));
  }
  return section;
}

}  // namespace assay::tools::page
