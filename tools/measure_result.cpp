#include "tools/measure_result.h"

#include <torch/types.h>

#include <stdexcept>

#include "circuits/components/implied_circuit.h"
#include "circuits/components/random_circuits.h"
#include "circuits/interpretation/interpretation_file.h"
#include "interp/network/transformer.h"
#include "tools/certified_text.h"
#include "tools/measure_text.h"

namespace assay::tools {
namespace {

void measure_curve(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const circuits::MibScores scores =
      circuits::mib_scores(evaluation, m.circuit.scores, circuits::Selection::Greedy);
  print_curve(scores, m.console);
  m.record.curve = scores;
}

void measure_completeness(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const uint64_t seed = m.request.seed;
  const auto complete = circuits::completeness(evaluation, m.circuit.kept, {.seed = seed});
  const auto minimal = circuits::minimality(evaluation, m.circuit.kept, {.seed = seed});
  print_completeness(complete, minimal, m.console);
  m.record.completeness = complete;
  m.record.minimality = minimal;
}

void run_tests(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const circuits::HypothesisTests tests =
      circuits::test_hypotheses(evaluation, m.circuit.kept, m.request.test_config());
  print_tests(tests, m.console);
  m.record.tests = tests;
}

void measure_stability(const Conclusion& m, const circuits::Evaluation& evaluation) {
  circuits::StabilityConfig config{.edges = m.circuit.size(), .seed = m.request.seed};
  config.discovery.method = m.request.method;
  const circuits::Stability stability = circuits::stability(evaluation, config);
  print_stability(stability, m.console);
  m.record.stability = stability;
}

void certify_stability(const Conclusion& m, const circuits::Evaluation& evaluation) {
  circuits::CertificationConfig config{
      .edges = m.circuit.size(), .deleted = m.request.deleted, .seed = m.request.seed};
  config.discovery.method = m.request.method;
  const auto stability = circuits::certify_stability(evaluation.experiment(), config);
  print_certified(stability, m.console);
  m.record.certified_stability = stability;
}

}  // namespace

void conclude_one_ablation(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const circuits::Measures measures = circuits::measure(evaluation, m.circuit.kept);
  print_measures({measures}, m.console);
  print_self_check(evaluation.self_check(), m.console);
  m.record.measures = to_json(measures);
  if (m.request.curve) measure_curve(m, evaluation);
  if (m.request.completeness) measure_completeness(m, evaluation);
  if (m.request.tests) run_tests(m, evaluation);
  if (m.request.stability) measure_stability(m, evaluation);
  if (m.request.certified_stability) certify_stability(m, evaluation);
}

void conclude_all_ablations(const Conclusion& m, const circuits::AblationMatrix& matrix) {
  print_measures(matrix.rows, m.console);
  for (const std::string& why : matrix.skipped) m.console.fact("skipped", why);
  m.record.measures = to_json(matrix);
}

void compare_with_interpretation(const Conclusion& m) {
  const interp::Places& places = m.subject.model.model->places();
  const circuits::Interpretation interpretation =
      circuits::load_interpretation(m.request.interpretation, places).interpretation;
  if (interpretation.model_sha256 != m.subject.model.sha256)
    throw std::invalid_argument(
        fmt::format("{}: it was derived from another model", m.request.interpretation.string()));
  const circuits::ComponentGraph& graph = m.circuit.graph;
  const at::Tensor implied_edges = circuits::implied_edges(interpretation, graph, places);
  const auto edges = [&](const at::Tensor& kept) {
    return circuits::edge_names(graph, circuits::edge_ids(kept));
  };
  ImpliedCircuit implied{.path = m.request.interpretation.string(),
                         .components = {},
                         .not_mentioned = edges(m.circuit.kept & implied_edges.logical_not()),
                         .not_in_circuit = edges(implied_edges & m.circuit.kept.logical_not())};
  const Console& console = m.console;
  console.fact("interpretation", implied.path);
  for (const auto& [node, components] :
       circuits::components_of_nodes(interpretation, graph, places)) {
    std::string& names = implied.components[node];
    for (const circuits::Component& component : components)
      names += (names.empty() ? "" : ", ") + to_string(component);
    console.fact("", fmt::format("{} lives in {}", node, names));
  }
  console.fact("not mentioned",
               fmt::format("{} edges of the circuit: {}", implied.not_mentioned.size(),
                           listed(implied.not_mentioned)));
  console.fact("not in circuit",
               fmt::format("{} edges that it implies: {}", implied.not_in_circuit.size(),
                           listed(implied.not_in_circuit)));
  m.record.interpretation = std::move(implied);
}

}  // namespace assay::tools
