// A circuit drawn, with the weights of its edges.

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/components/circuit_file.h"
#include "circuits/components/drawing.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "tools/graphviz.h"
#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

constexpr size_t kEdgesListed = 20;
constexpr int64_t kEdgesDrawn = 600;

std::filesystem::path file_of(const Run& run) {
  if (run.kind == RunKind::Circuit) return run.path;
  const Json& circuit = run.report.at("circuit");
  const std::filesystem::path path = circuit.at("path").get<std::string>();
  if (interp::sha256(interp::read_file(path, interp::kJsonBytes)) != circuit.at("sha256"))
    throw std::runtime_error(fmt::format("{} has changed since", path.string()));
  return path;
}

struct ScoredEdge {
  std::string name;
  double score = 0;
};

std::vector<ScoredEdge> edges_by_weight(const circuits::Circuit& circuit) {
  std::vector<ScoredEdge> edges;
  if (!circuit.scores.defined()) return edges;
  const at::Tensor scores = circuit.scores.to(torch::kFloat64).contiguous().view({-1});
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  for (int64_t id = 0; id < circuit.graph.n_edges(); ++id) {
    const double score = scores.data_ptr<double>()[id];
    if (kept.data_ptr<bool>()[id] && !std::isnan(score))
      edges.push_back({circuit.graph.name(id), score});
  }
  std::ranges::stable_sort(edges, std::greater(),
                           [](const ScoredEdge& edge) { return std::abs(edge.score); });
  return edges;
}

Json weights_chart(std::vector<ScoredEdge> edges) {
  const size_t all = edges.size();
  edges.resize(std::min(all, kEdgesListed));
  Json values = Json::array();
  std::string alt = "Edges by weight:";
  for (const ScoredEdge& edge : edges) {
    values.push_back({{"edge", edge.name}, {"weight", edge.score}});
    alt += fmt::format(" {} {:.3g},", edge.name, edge.score);
  }
  alt.back() = '.';
  const std::string caption = all > edges.size()
                                  ? fmt::format("The {} heaviest of {} edges.", edges.size(),
                                                grouped(static_cast<int64_t>(all)))
                                  : "The edges by weight.";
  return chart(caption + " A weight says how much the metric falls when the edge is cut.", alt,
               {{"data", {{"values", values}}},
                {"width", 420},
                {"height", {{"step", 18}}},
                {"mark", {{"type", "bar"}, {"color", "var(--accent)"}, {"height", 10}}},
                {"encoding",
                 {{"y", lines_by("edge")},
                  {"x",
                   {{"field", "weight"},
                    {"type", "quantitative"},
                    {"title", "weight"},
                    {"axis", {{"tickCount", 6}}}}},
                  {"tooltip", {{{"field", "edge"}}, {{"field", "weight"}, {"format", ".4g"}}}}}}});
}

void show(const circuits::Circuit& circuit, Section& section) {
  const std::string size =
      fmt::format("{} of {} edges", grouped(circuit.size()), grouped(circuit.graph.n_edges()));
  if (circuit.size() > kEdgesDrawn)
    section.blocks.push_back(absent(fmt::format("The {} as a drawing", size),
                                    fmt::format("more than {} cannot be told apart", kEdgesDrawn)));
  else
    section.blocks.push_back(drawing(
        size +
            ", inputs at the bottom. Width follows weight; dashed edges hurt. Letters say what a "
            "head reads: queries, keys, values.",
        fmt::format("A circuit of {}, drawn as a graph from the input to the logits.", size),
        svg_of_dot(circuits::to_dot(circuit, ""))));
  const std::vector<ScoredEdge> edges = edges_by_weight(circuit);
  if (!edges.empty()) section.blocks.push_back(weights_chart(edges));
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
