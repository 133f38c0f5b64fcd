// Scores every edge between a network's components, keeps the best ones that are connected, and
// asks how well this circuit stands in for the network: `assay discover` and `measure`.
//
//   discover_circuit MODEL [EDGES]

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "circuits/components/circuit.h"
#include "circuits/discovery/discovery.h"
#include "circuits/measures/measures.h"
#include "interp/adapters/model_file.h"
#include "tasks/registry.h"

namespace {

namespace circuits = assay::circuits;

void run(const char* file, int64_t n_edges) {
  const assay::interp::LoadedModel loaded = assay::interp::load_model(file);
  const auto task = assay::tasks::task_from_json(loaded.metadata.at("task"));
  const circuits::ComponentGraph graph(loaded.model->places());
  // Formulas in pairs that differ little and are answered differently: one answers in the other's
  // stead where an edge is cut.
  const circuits::Counterfactuals pairs =
      task->counterfactuals(assay::tasks::Part::Derive, /*seed=*/1, 0, 256);
  const circuits::Experiment experiment{
      .model = *loaded.model, .graph = graph, .data = pairs, .readout = task->readout()};

  const circuits::EdgeScores scores = score_edges(experiment, {.method = "eap-ig"});
  const at::Tensor kept = greedy(graph, scores.mean, n_edges, /*is_signed=*/false);
  for (int64_t edge = 0; edge < graph.n_edges(); ++edge) {
    if (!kept[0][edge].item<bool>()) continue;
    fmt::print("{:<16} {:8.3f} ± {:.3f}\n", graph.name(edge), scores.mean[0][edge].item<double>(),
               scores.standard_error[0][edge].item<double>());
  }

  const circuits::Measures measures = measure(circuits::Evaluation(experiment), kept);
  fmt::print("{} of {} edges: faithfulness {:.3f}, decides as the network on {} of {} inputs\n",
             measures.edges, measures.of_edges, measures.faithfulness.normalised,
             measures.agreement.hits, measures.agreement.n);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw std::invalid_argument("usage: discover_circuit MODEL [EDGES]");
  run(argv[1], argc > 2 ? std::atoll(argv[2]) : 12);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
