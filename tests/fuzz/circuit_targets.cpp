// Circuits: our own files, and those of EAP-IG.

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "circuits/components/circuit_file.h"
#include "circuits/components/drawing.h"
#include "interp/files/files.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

void read_circuit(std::string_view input) {
  const circuits::CircuitFile file = circuits::load_circuit(put("x.json", input));
  require_done(
      [&] {
        circuits::save_circuit(file, folder() / "y.json");
        const circuits::CircuitFile again = circuits::load_circuit(folder() / "y.json");
        require(again.circuit.size() == file.circuit.size(), "the size of a circuit");
      },
      "a circuit, written and read");
  circuits::to_dot(file.circuit, "x");
  circuits::to_attribution_graph(file.circuit, {.slug = "x", .scan = "x", .prompt_tokens = {}});
}

std::vector<std::string> circuit_files() {
  std::vector<std::string> texts = {
      R"({"cfg": {"n_layers": 2, "n_heads": 2, "parallel_attn_mlp": false, "d_model": 4},
          "nodes": {"input": {"in_graph": true, "neurons_scores": [NaN, 0.5, 0, 1]},
                    "a0.h1": {"in_graph": true, "neurons": [true, true, true, true]},
                    "m1": {"in_graph": false}, "logits": {"in_graph": true}},
          "edges": {"input->a0.h1<q>": {"score": 0.25, "in_graph": true},
                    "a0.h1->m1": {"score": NaN, "in_graph": false},
                    "m1->logits": {"in_graph": true}}})"};
  for (const int64_t positions : {0, 3}) {
    const circuits::ComponentGraph graph(std::vector<int64_t>{1, 2}, positions);
    circuits::Circuit circuit{.graph = graph,
                              .kept = at::zeros({graph.rows(), graph.columns()}, at::kBool),
                              .scores = at::zeros({graph.rows(), graph.columns()}, at::kDouble)};
    for (int64_t id = 0; id < graph.n_edges(); id += 3) circuit.kept.view({-1})[id] = true;
    circuits::save_circuit({.circuit = circuit, .d_model = 16, .origin = {{"method", "eap"}}},
                           folder() / "x.json");
    texts.push_back(interp::read_file(folder() / "x.json"));
  }
  return texts;
}

}  // namespace

std::vector<Target> circuit_targets() {
  return {{"circuit", Form::Json, read_circuit, circuit_files}};
}

}  // namespace assay::fuzz
