#include "circuits/components/circuit_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/files/json_text.h"

namespace assay::circuits {
namespace {

using nlohmann::ordered_json;

constexpr double kUnscored = std::numeric_limits<double>::quiet_NaN();

bool has_equal_heads(const ComponentGraph& graph) {
  return std::ranges::all_of(graph.n_heads(), [&](int64_t n) { return n == graph.n_heads()[0]; });
}

ordered_json configuration(const CircuitFile& file) {
  const ComponentGraph& graph = file.circuit.graph;
  ordered_json heads = graph.n_heads();
  if (has_equal_heads(graph)) heads = graph.n_heads()[0];
  return {{"n_layers", graph.n_layers()},
          {"n_heads", heads},
          {"parallel_attn_mlp", graph.blocks().parallel},
          {"d_model", file.d_model}};
}

const char* in_words(const Blocks& blocks) {
  if (!blocks.mlps) return " without MLPs";
  return blocks.parallel ? " in parallel with MLPs" : "";
}

// A component is in the graph if one of its edges is.
ordered_json nodes_of(const Circuit& circuit) {
  const ComponentGraph& graph = circuit.graph;
  ordered_json nodes = ordered_json::object();
  for (const Component& component : graph.components())
    nodes[to_string(component)] = {{"in_graph", false}};
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  for (int64_t id = 0; id < graph.n_edges(); ++id) {
    if (!kept.data_ptr<bool>()[id]) continue;
    const Edge edge = graph.edge(id);
    nodes[to_string(graph.writers()[edge.writer])]["in_graph"] = true;
    nodes[to_string(graph.readers()[edge.reader].component)]["in_graph"] = true;
  }
  return nodes;
}

ordered_json edges_of(const Circuit& circuit) {
  ordered_json edges = ordered_json::object();
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  at::Tensor scores;
  if (circuit.scores.defined()) scores = circuit.scores.to(torch::kFloat64).contiguous().view({-1});
  for (int64_t id = 0; id < circuit.graph.n_edges(); ++id) {
    ordered_json& edge = edges[circuit.graph.name(id)] = ordered_json::object();
    const double score = scores.defined() ? scores.data_ptr<double>()[id] : kUnscored;
    if (!std::isnan(score)) edge["score"] = score;
    edge["in_graph"] = static_cast<bool>(kept.data_ptr<bool>()[id]);
  }
  return edges;
}

// Checked before the rest, which is as large as it says.
const interp::Shape& configuration_shape() {
  using namespace interp::json_shapes;
  static const interp::Shape shape =
      object({{"cfg", object({{"n_layers", integer(1, 1000)},
                              {"n_heads", either(integer(1), list(integer(1), 1))},
                              optional("parallel_attn_mlp", boolean()),
                              optional("d_model", integer(0))})},
              optional("assay",
                       object({optional("positions", integer(0)), optional("mlps", boolean())}))});
  return shape;
}

// What other tools add, such as scores of neurons, is passed over.
const interp::Shape& contents_shape() {
  using namespace interp::json_shapes;
  static const interp::Shape shape =
      object({optional("nodes", map(object({optional("neurons", list(boolean()))}))),
              {"edges",
               map(object({{"in_graph", boolean()},
                           optional("score", nullable(either(number(), text_among({"NaN"}))))}))}});
  return shape;
}

ComponentGraph graph_of(const ordered_json& content) {
  const ordered_json& cfg = content.at("cfg");
  const auto n_layers = cfg.at("n_layers").get<int64_t>();
  std::vector<int64_t> n_heads;
  if (cfg.at("n_heads").is_array())
    n_heads = cfg.at("n_heads").get<std::vector<int64_t>>();
  else
    n_heads.assign(n_layers, cfg.at("n_heads").get<int64_t>());
  if (static_cast<int64_t>(n_heads.size()) != n_layers)
    throw std::invalid_argument(
        fmt::format("cfg: {} blocks, but heads of {}", n_layers, n_heads.size()));
  const ordered_json own = content.value("assay", ordered_json::object());
  const Blocks blocks{.mlps = own.value("mlps", true),
                      .parallel = cfg.value("parallel_attn_mlp", false)};
  return ComponentGraph(n_heads, own.value("positions", int64_t{0}), blocks);
}

void check_nodes(const ordered_json& content, const ComponentGraph& graph) {
  if (!content.contains("nodes")) return;
  for (const auto& [name, node] : content.at("nodes").items()) {
    graph.parse_component(name);
    for (const ordered_json& neuron : node.value("neurons", ordered_json::array()))
      if (!neuron.get<bool>())
        throw std::invalid_argument(fmt::format(
            "node '{}': circuits of single neurons are not supported, components are kept whole",
            name));
  }
}

// NaN, which comes as a text, is what EAP-IG writes where it has no score.
double score_of(const ordered_json& edge) {
  const auto found = edge.find("score");
  return found == edge.end() || !found->is_number() ? kUnscored : found->get<double>();
}

Circuit circuit_of(const ordered_json& content, const ComponentGraph& graph) {
  Circuit circuit{.graph = graph,
                  .kept = at::zeros({graph.rows(), graph.columns()}, torch::kBool),
                  .scores = at::full({graph.rows(), graph.columns()}, kUnscored, torch::kFloat64)};
  for (const auto& [name, edge] : content.at("edges").items()) {
    const int64_t id = graph.parse_edge(name);
    circuit.kept.data_ptr<bool>()[id] = edge.at("in_graph").get<bool>();
    circuit.scores.data_ptr<double>()[id] = score_of(edge);
  }
  if (circuit.scores.isnan().all().item<bool>()) circuit.scores = at::Tensor();
  return circuit;
}

}  // namespace

std::string save_circuit(const CircuitFile& file, const std::filesystem::path& path) {
  ordered_json own = file.origin;
  own["version"] = 1;
  own["positions"] = file.circuit.graph.positions();
  if (!file.circuit.graph.blocks().mlps) own["mlps"] = false;
  const ordered_json content = {{"cfg", configuration(file)},
                                {"nodes", nodes_of(file.circuit)},
                                {"edges", edges_of(file.circuit)},
                                {"assay", own}};
  const std::string text = interp::json_text(content, 1) + "\n";
  interp::write_file(path, text);
  return interp::sha256(text);
}

CircuitFile load_circuit(const std::filesystem::path& path) {
  const std::string no_circuit = path.string() + ": not a circuit file";
  const ordered_json content = interp::parse_json(interp::read_file(path, interp::kJsonBytes),
                                                  no_circuit, interp::BareWords::AsTexts);
  interp::require_shape(content, configuration_shape(), no_circuit);
  try {
    const ComponentGraph graph = graph_of(content);
    interp::require_shape(content, contents_shape(), no_circuit);
    check_nodes(content, graph);
    ordered_json origin = content.value("assay", ordered_json::object());
    origin.erase("version");
    origin.erase("positions");
    origin.erase("mlps");
    return {.circuit = circuit_of(content, graph),
            .d_model = content.at("cfg").value("d_model", int64_t{0}),
            .origin = origin};
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

void require_fits(const CircuitFile& file, const interp::Places& places) {
  const ComponentGraph& graph = file.circuit.graph;
  if (graph.positions() > places.n_ctx)
    throw std::invalid_argument(fmt::format("the circuit has {} positions, the model only {}",
                                            graph.positions(), places.n_ctx));
  const ComponentGraph own(places, graph.positions());
  const int64_t d_model = places[places.components[0].output].size(interp::Axis::Model);
  if (graph != own || (file.d_model != 0 && file.d_model != d_model))
    throw std::invalid_argument(fmt::format(
        "the circuit belongs to another network: it has heads {} per block{} and d_model "
        "{}, the model "
        "has heads {}{} and d_model {}",
        graph.n_heads(), in_words(graph.blocks()), file.d_model, own.n_heads(),
        in_words(own.blocks()), d_model));
}

}  // namespace assay::circuits
