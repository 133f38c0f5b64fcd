// `assay measure --model FILE --circuit FILE`

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "circuits/components/circuit_file.h"
#include "circuits/components/random_circuits.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/measures/ablation_matrix.h"
#include "interp/files/files.h"
#include "interp/network/transformer.h"
#include "tools/choices.h"
#include "tools/circuit_options.h"
#include "tools/commands.h"
#include "tools/measure_text.h"
#include "tools/numbers.h"
#include "tools/page_option.h"
#include "tools/progress.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

struct MeasureOptions {
  CommonOptions common;
  ExperimentOptions experiment;
  std::filesystem::path circuit, interpretation;
  circuits::MeasureConfig measures;
  std::string method = "eap-ig", correction = "benjamini-hochberg";
  int64_t draws = 199;
  double alpha = 0.05, margin = circuits::TestConfig().margin;
  bool curve = false, completeness = false, tests = false, stability = false;
  PageOption page;
};

/// A running measurement: what it is about, and where its results go.
struct Measurement {
  const MeasureOptions& options;
  const ExperimentSubject& subject;
  const circuits::Circuit& circuit;
  const Console& console;
  ordered_json& report;

  circuits::Experiment experiment(const std::string& ablation) const {
    return {.model = *subject.model.model,
            .graph = circuit.graph,
            .data = subject.data,
            .readout = subject.task->readout(),
            .metric = options.experiment.metric,
            .ablation = ablation,
            .seed = options.common.seed.value_or(1)};
  }
};

/// Progress of one request after the other: each has a rate of its own.
class Requests {
 public:
  explicit Requests(bool quiet) : quiet_(quiet) {}
  void show(int64_t done, int64_t of) {
    const std::lock_guard lock(mutex_);
    if (!line_ || done < last_) line_.emplace(quiet_);
    last_ = done;
    line_->count(done, of, "inputs");
  }

 private:
  bool quiet_;
  int64_t last_ = 0;
  std::optional<Progress> line_;
  std::mutex mutex_;
};

void measure_all_ablations(const Measurement& m) {
  Requests requests(m.options.common.quiet);
  const auto show = [&](int64_t done, int64_t of) { requests.show(done, of); };
  const circuits::AblationMatrix matrix =
      circuits::ablation_matrix(m.experiment("zero"), m.circuit.kept, m.options.measures, show);
  print_measures(matrix.rows, m.console);
  for (const std::string& why : matrix.skipped) m.console.fact("skipped", why);
  m.report["measures"] = to_json(matrix);
}

void measure_curve(const Measurement& m, const circuits::Evaluation& evaluation) {
  if (!m.circuit.scores.defined())
    throw std::invalid_argument(
        "--curve: the circuit file has no scores to choose edges by; discover writes them");
  const circuits::MibScores scores =
      circuits::mib_scores(evaluation, m.circuit.scores, circuits::Selection::Greedy);
  print_curve(scores, m.console);
  m.report["curve"] = to_json(scores);
}

void measure_completeness(const Measurement& m, const circuits::Evaluation& evaluation) {
  const uint64_t seed = m.options.common.seed.value_or(1);
  const auto complete = circuits::completeness(evaluation, m.circuit.kept, {.seed = seed});
  const auto minimal = circuits::minimality(evaluation, m.circuit.kept, {.seed = seed});
  print_completeness(complete, minimal, m.circuit.graph, m.console);
  m.report["completeness"] = to_json(complete, m.circuit.graph);
  m.report["minimality"] = to_json(minimal, m.circuit.graph);
}

void run_tests(const Measurement& m, const circuits::Evaluation& evaluation) {
  const circuits::HypothesisTests tests =
      circuits::test_hypotheses(evaluation, m.circuit.kept,
                                {.alpha = m.options.alpha,
                                 .margin = m.options.margin,
                                 .draws = m.options.draws,
                                 .correction = circuits::parse_correction(m.options.correction),
                                 .seed = m.options.common.seed.value_or(1)});
  print_tests(tests, m.circuit.graph, m.console);
  m.report["tests"] = to_json(tests, m.circuit.graph);
}

void measure_stability(const Measurement& m, const circuits::Evaluation& evaluation) {
  circuits::StabilityConfig config{.edges = m.circuit.size(),
                                   .seed = m.options.common.seed.value_or(1)};
  config.discovery.method = m.options.method;
  const circuits::Stability stability = circuits::stability(evaluation, config);
  print_stability(stability, m.console);
  m.report["stability"] = to_json(stability, m.circuit.graph);
}

void measure_one_ablation(const Measurement& m) {
  Requests requests(m.options.common.quiet);
  const circuits::Evaluation evaluation(m.experiment(m.options.experiment.ablation),
                                        [&](int64_t done, int64_t of) { requests.show(done, of); });
  const circuits::Measures measures =
      circuits::measure(evaluation, m.circuit.kept, m.options.measures);
  print_self_check(evaluation.self_check(), m.console);
  print_measures({measures}, m.console);
  m.report["measures"] = to_json(measures);
  if (m.options.curve) measure_curve(m, evaluation);
  if (m.options.completeness) measure_completeness(m, evaluation);
  if (m.options.tests) run_tests(m, evaluation);
  if (m.options.stability) measure_stability(m, evaluation);
}

/// What the interpretation does not mention but the circuit needs, and the other way round.
void compare_with_interpretation(const Measurement& m) {
  const interp::Places& places = m.subject.model.model->places();
  const circuits::Interpretation interpretation =
      circuits::load_interpretation(m.options.interpretation, places).interpretation;
  if (interpretation.model_sha256 != m.subject.model.sha256)
    throw std::invalid_argument(
        fmt::format("{}: it was derived from another model", m.options.interpretation.string()));
  const circuits::ComponentGraph& graph = m.circuit.graph;
  const at::Tensor implied = circuits::implied_edges(interpretation, graph, places);
  const auto ids = [](const at::Tensor& edges) { return circuits::edge_ids(edges); };
  const std::vector<int64_t> unmentioned = ids(m.circuit.kept & implied.logical_not());
  const std::vector<int64_t> unneeded = ids(implied & m.circuit.kept.logical_not());
  const Console& console = m.console;
  console.fact("interpretation", m.options.interpretation.string());
  m.report["interpretation"]["path"] = m.options.interpretation.string();
  for (const auto& [node, components] :
       circuits::components_of_nodes(interpretation, graph, places)) {
    std::string names;
    for (const circuits::Component& component : components)
      names += (names.empty() ? "" : ", ") + to_string(component);
    console.fact("", fmt::format("{} lives in {}", node, names));
    m.report["interpretation"]["components"][node] = names;
  }
  console.fact("not mentioned", fmt::format("{} edges of the circuit: {}", unmentioned.size(),
                                            listed(graph, unmentioned)));
  console.fact("not in circuit", fmt::format("{} edges that it implies: {}", unneeded.size(),
                                             listed(graph, unneeded)));
  const auto names = [&](const std::vector<int64_t>& edges) {
    ordered_json list = ordered_json::array();
    for (const int64_t id : edges) list.push_back(graph.name(id));
    return list;
  };
  m.report["interpretation"]["not_mentioned"] = names(unmentioned);
  m.report["interpretation"]["not_in_circuit"] = names(unneeded);
}

int run_measure(const MeasureOptions& options) {
  const Session session = start(options.common);
  require_writable(options.page);
  const circuits::CircuitFile file = circuits::load_circuit(options.circuit);
  const ExperimentSubject subject =
      load_subject(options.experiment, tasks::Part::Test, options.common.seed.value_or(1));
  circuits::require_fits(file, subject.model.model->places());
  const Console& console = session.console;
  print_subject(options.experiment, subject, session);
  console.fact("circuit",
               fmt::format("{}: {} of {} edges", options.circuit.string(),
                           grouped(file.circuit.size()), grouped(file.circuit.graph.n_edges())));
  console.fact("metric", options.experiment.metric);

  ordered_json report = report_head("measurement");
  report.update(subject.facts);
  report["circuit"] = {{"path", options.circuit.string()},
                       {"sha256", interp::sha256_of_file(options.circuit)}};
  const Measurement measurement{options, subject, file.circuit, console, report};
  if (options.experiment.ablation == "all")
    measure_all_ablations(measurement);
  else
    measure_one_ablation(measurement);
  if (!options.interpretation.empty()) compare_with_interpretation(measurement);
  write_report(options.common, report);
  write_page(options.page, options.common, report, console);
  return kDone;
}

/// What would be refused at the end is refused at once.
void require_meaning(const MeasureOptions& options) {
  if (options.stability && !options.experiment.data.empty() && !options.experiment.independent)
    throw std::invalid_argument(
        "--stability resamples inputs as independent draws; if the lines of --data are, say so "
        "with "
        "--independent");
  const bool more = options.curve || options.completeness || options.tests || options.stability;
  if (options.experiment.ablation == "all" && more)
    throw std::invalid_argument(
        "--ablation all shows the measures alone; --curve, --completeness, --tests and --stability "
        "need one ablation");
}

}  // namespace

Command add_measure(CLI::App& app) {
  const auto options = std::make_shared<MeasureOptions>();
  add_experiment_options(app, options->experiment, /*several=*/true);
  app.add_option("--circuit", options->circuit, "a circuit file, ours or one of EAP-IG or MIB")
      ->required()
      ->type_name("FILE");
  app.add_option("--interpretation", options->interpretation,
                 "compare with the circuit that an interpretation implies")
      ->type_name("FILE");
  app.add_flag("--curve", options->curve, "faithfulness by share of the edges, CPR and CMD (MIB)");
  app.add_flag("--completeness", options->completeness,
               "completeness and minimality (Wang et al. 2022)");
  app.add_flag("--tests", options->tests, "the five hypothesis tests of Shi et al. 2024");
  app.add_flag("--stability", options->stability, "discover again on resamples of the inputs");
  app.add_option("--method", options->method, "that --stability discovers with")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_option("--draws", options->draws, "random circuits and permutations of --tests")
      ->capture_default_str()
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_option("--alpha", options->alpha, "level of --tests")
      ->capture_default_str()
      ->transform(number_from(0, 1))
      ->type_name("P");
  app.add_option("--margin", options->margin,
                 "equivalence: win rates this close to 1/2 count as equal")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 0.5).description(""))
      ->type_name("X");
  app.add_option("--correction", options->correction,
                 "of families of edges: holm or benjamini-hochberg")
      ->capture_default_str()
      ->type_name("NAME");
  choices(app.get_option("--method"), interp::names_of(circuits::discoverers()));
  choices(app.get_option("--correction"), {"holm", "benjamini-hochberg"});
  add_page_option(app, options->page);
  add_common_options(app, options->common);
  refuse_other_devices(app);
  app.footer(
      "Faithfulness is 1 where the circuit does what the network does and 0 where it does what is "
      "left without any edge. It averages over inputs, so errors can cancel; agreement counts "
      "inputs on which both give the same of all the task's answers.\n"
      "\nExample:\n"
      "  assay measure --model tasks/two_sat/reference/model.safetensors \\\n"
      "    --circuit circuit.json --ablation all");
  return [options] {
    require_meaning(*options);
    return run_measure(*options);
  };
}

}  // namespace assay::tools
