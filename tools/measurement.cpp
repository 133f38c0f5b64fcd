#include "tools/measurement.h"

#include <torch/types.h>

#include <mutex>
#include <optional>
#include <stdexcept>

#include "circuits/components/random_circuits.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/measures/ablation_matrix.h"
#include "circuits/measures/certified_stability_fields.h"
#include "interp/files/fields.h"
#include "interp/files/files.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tools/certified_text.h"
#include "tools/measure_text.h"
#include "tools/progress.h"

namespace assay::tools {

using nlohmann::ordered_json;

namespace {

constexpr int64_t kMostDraws = 1'000'000;  // that a file is believed to have asked for

std::string text_of(const std::filesystem::path& path) {
  return path.string();
}
std::filesystem::path path_of(const ordered_json& json) {
  return json.get<std::string>();
}

}  // namespace

template <class V>
void fields(V& v, MeasureRequest& request) {
  namespace shapes = interp::json_shapes;
  const auto path = [&](const char* name, std::filesystem::path& member, const char* help) {
    v.through(name, member, text_of, path_of, shapes::text(), help);
  };
  ExperimentOptions& experiment = request.experiment;
  path("model", experiment.model, "the network's file");
  path("data", experiment.data, "file of inputs; empty: those of the task");
  v("task", experiment.task, "as the options name it");
  v("independent", experiment.independent, "the lines of `data` are independent draws");
  v("inputs", experiment.inputs, "where there is no `data`", shapes::integer(1));
  v("metric", experiment.metric, "what circuits are compared by");
  v("ablation", experiment.ablation, "what cut edges carry, or `all`");
  path("circuit", request.circuit, "the circuit's file");
  path("interpretation", request.interpretation, "that it is compared with; empty: none");
  v("curve", request.curve, "--curve");
  v("completeness", request.completeness, "--completeness");
  v("tests", request.tests, "--tests");
  v("stability", request.stability, "--stability");
  v("certified_stability", request.certified_stability, "--certified-stability");
  v("deleted", request.deleted, "--deleted", shapes::number(0, 1));
  v("method", request.method, "--method");
  v("draws", request.draws, "--draws", shapes::integer(1, kMostDraws));
  v("alpha", request.alpha, "--alpha", shapes::number(0, 1));
  v("margin", request.margin, "--margin", shapes::number(0, 0.5));
  v("correction", request.correction, "--correction",
    shapes::text_among({"holm", "benjamini-hochberg"}));
  v("seed", request.seed, "--seed");
}

ordered_json to_json(const MeasureRequest& request) {
  return interp::write_record(request);
}

MeasureRequest measure_request_from_json(const ordered_json& json, const std::string& where) {
  return interp::read_record<MeasureRequest>(json, where);
}

namespace {

constexpr const char* kAll = "all";

circuits::TestConfig tests_of(const MeasureRequest& request) {
  return {.alpha = request.alpha,
          .margin = request.margin,
          .draws = request.draws,
          .correction = circuits::parse_correction(request.correction),
          .seed = request.seed};
}

/// What would be refused at the end is refused at once.
MeasureRequest meaningful(MeasureRequest request) {
  const ExperimentOptions& experiment = request.experiment;
  if (request.stability && !experiment.data.empty() && !experiment.independent)
    throw std::invalid_argument(
        "--stability resamples inputs as independent draws; if the lines of --data are, say so "
        "with "
        "--independent");
  const bool more = request.curve || request.completeness || request.tests || request.stability ||
                    request.certified_stability;
  if (experiment.ablation == kAll && more)
    throw std::invalid_argument(
        "--ablation all shows the measures alone; --curve, --completeness, --tests, --stability "
        "and --certified-stability need one ablation");
  return request;
}

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

/// A measurement whose inputs are all answered, and where its results go.
struct Conclusion {
  const MeasureRequest& request;
  const ExperimentSubject& subject;
  const circuits::Circuit& circuit;
  const Console& console;
  ordered_json& report;
};

void measure_curve(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const circuits::MibScores scores =
      circuits::mib_scores(evaluation, m.circuit.scores, circuits::Selection::Greedy);
  print_curve(scores, m.console);
  m.report["curve"] = to_json(scores);
}

void measure_completeness(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const uint64_t seed = m.request.seed;
  const auto complete = circuits::completeness(evaluation, m.circuit.kept, {.seed = seed});
  const auto minimal = circuits::minimality(evaluation, m.circuit.kept, {.seed = seed});
  print_completeness(complete, minimal, m.circuit.graph, m.console);
  m.report["completeness"] = to_json(complete, m.circuit.graph);
  m.report["minimality"] = to_json(minimal, m.circuit.graph);
}

void run_tests(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const circuits::HypothesisTests tests =
      circuits::test_hypotheses(evaluation, m.circuit.kept, tests_of(m.request));
  print_tests(tests, m.circuit.graph, m.console);
  m.report["tests"] = to_json(tests, m.circuit.graph);
}

void measure_stability(const Conclusion& m, const circuits::Evaluation& evaluation) {
  circuits::StabilityConfig config{.edges = m.circuit.size(), .seed = m.request.seed};
  config.discovery.method = m.request.method;
  const circuits::Stability stability = circuits::stability(evaluation, config);
  print_stability(stability, m.console);
  m.report["stability"] = to_json(stability, m.circuit.graph);
}

void certify_stability(const Conclusion& m, const circuits::Evaluation& evaluation) {
  circuits::CertificationConfig config{
      .edges = m.circuit.size(), .deleted = m.request.deleted, .seed = m.request.seed};
  config.discovery.method = m.request.method;
  const auto stability = circuits::certify_stability(evaluation.experiment(), config);
  print_certified(stability, m.console);
  m.report["certified_stability"] = interp::write_record(stability);
}

void conclude_one_ablation(const Conclusion& m, const circuits::Evaluation& evaluation) {
  const circuits::Measures measures = circuits::measure(evaluation, m.circuit.kept);
  print_self_check(evaluation.self_check(), m.console);
  print_measures({measures}, m.console);
  m.report["measures"] = to_json(measures);
  if (m.request.curve) measure_curve(m, evaluation);
  if (m.request.completeness) measure_completeness(m, evaluation);
  if (m.request.tests) run_tests(m, evaluation);
  if (m.request.stability) measure_stability(m, evaluation);
  if (m.request.certified_stability) certify_stability(m, evaluation);
}

void conclude_all_ablations(const Conclusion& m, const circuits::AblationMatrix& matrix) {
  print_measures(matrix.rows, m.console);
  for (const std::string& why : matrix.skipped) m.console.fact("skipped", why);
  m.report["measures"] = to_json(matrix);
}

/// What the interpretation does not mention but the circuit needs, and the other way round.
void compare_with_interpretation(const Conclusion& m) {
  const interp::Places& places = m.subject.model.model->places();
  const circuits::Interpretation interpretation =
      circuits::load_interpretation(m.request.interpretation, places).interpretation;
  if (interpretation.model_sha256 != m.subject.model.sha256)
    throw std::invalid_argument(
        fmt::format("{}: it was derived from another model", m.request.interpretation.string()));
  const circuits::ComponentGraph& graph = m.circuit.graph;
  const at::Tensor implied = circuits::implied_edges(interpretation, graph, places);
  const auto ids = [](const at::Tensor& edges) { return circuits::edge_ids(edges); };
  const std::vector<int64_t> unmentioned = ids(m.circuit.kept & implied.logical_not());
  const std::vector<int64_t> unneeded = ids(implied & m.circuit.kept.logical_not());
  const Console& console = m.console;
  console.fact("interpretation", m.request.interpretation.string());
  m.report["interpretation"]["path"] = m.request.interpretation.string();
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

}  // namespace

circuits::ChunkAnswers measured_chunk_from_json(const ordered_json& json,
                                                const Measurement& measurement, int64_t index) {
  const MeasuredChunk& chunk = measurement.chunks().at(index);
  return circuits::chunk_answers_from_json(json, measurement.inquiry(chunk), chunk.chunk);
}

Measurement::Measurement(MeasureRequest request)
    : request_(meaningful(std::move(request))),
      file_(circuits::load_circuit(request_.circuit)),
      subject_(load_subject(request_.experiment, tasks::Part::Test, request_.seed)),
      facts_(subject_.facts) {
  circuits::require_fits(file_, subject_.model.model->places());
  if (request_.curve && !file_.circuit.scores.defined())
    throw std::invalid_argument(
        "--curve: the circuit file has no scores to choose edges by; discover writes them");
  facts_["circuit"] = {{"path", request_.circuit.string()},
                       {"sha256", interp::sha256_of_file(request_.circuit)}};
  if (!request_.interpretation.empty())
    facts_["interpretation_sha256"] = interp::sha256_of_file(request_.interpretation);
  const bool several = request_.experiment.ablation == kAll;
  if (several) validate(experiment("zero"));  // what is wrong with all ablations is an error
  for (const std::string& asked : ablations())
    for (const auto& [ablation, questions] : questions(asked)) {
      circuits::Inquiry& inquiry = inquiries_[ablation];
      add(inquiry.questions, questions);
      if (inquiry.batches) continue;
      try {
        inquiry.batches = std::make_shared<const circuits::PatchBatches>(experiment(ablation));
      } catch (const std::invalid_argument&) {
        if (!several && ablation == asked) throw;
        inquiries_.erase(ablation);  // why it is left out, the measures say
      }
    }
  for (const auto& [ablation, inquiry] : inquiries_)
    for (int64_t chunk = 0; chunk < inquiry.batches->chunks().count(); ++chunk)
      chunks_.push_back({ablation, chunk});
}

void Measurement::print_subject(const Session& session) const {
  tools::print_subject(request_.experiment, subject_, session);
  session.console.fact("circuit", fmt::format("{}: {} of {} edges", request_.circuit.string(),
                                              grouped(file_.circuit.size()),
                                              grouped(file_.circuit.graph.n_edges())));
  session.console.fact("metric", request_.experiment.metric);
}

circuits::Experiment Measurement::experiment(const std::string& ablation) const {
  return {.model = *subject_.model.model,
          .graph = file_.circuit.graph,
          .data = subject_.data,
          .readout = subject_.task->readout(),
          .metric = request_.experiment.metric,
          .ablation = ablation,
          .seed = request_.seed};
}

std::vector<std::string> Measurement::ablations() const {
  if (request_.experiment.ablation == kAll) return interp::names_of(circuits::ablations());
  return {request_.experiment.ablation};
}

std::map<std::string, circuits::Questions> Measurement::questions(
    const std::string& ablation) const {
  const circuits::Circuit& circuit = file_.circuit;
  std::map<std::string, circuits::Questions> questions = {
      {ablation, circuits::questions_of_measure(circuit.kept)}};
  if (request_.curve)
    add(questions[ablation], circuits::questions_of_mib_scores(circuit.graph, circuit.scores,
                                                               circuits::Selection::Greedy));
  if (request_.tests)
    for (const auto& [other, more] :
         circuits::questions_of_tests(experiment(ablation), circuit.kept, tests_of(request_)))
      add(questions[other], more);
  return questions;
}

std::string Measurement::decides_on_all_inputs() const {
  if (request_.completeness) return "--completeness (its greedy sets)";
  if (request_.stability) return "--stability (its resamples)";
  if (request_.certified_stability) return "--certified-stability (its draws)";
  return "";
}

void Measurement::answer(
    const std::vector<int64_t>& indices,
    const std::function<void(int64_t index, circuits::ChunkAnswers answers)>& use,
    const circuits::Watch& watch) const {
  for (const auto& [ablation, inquiry] : inquiries_) {
    std::vector<int64_t> chunks;
    std::map<int64_t, int64_t> index_of;
    for (const int64_t index : indices)
      if (chunks_.at(index).ablation == ablation) {
        chunks.push_back(chunks_[index].chunk);
        index_of[chunks.back()] = index;
      }
    circuits::answer(
        inquiry, chunks,
        [&](int64_t chunk, circuits::ChunkAnswers answers) {
          use(index_of.at(chunk), std::move(answers));
        },
        watch);
  }
}

std::shared_ptr<const circuits::AnsweredByAblation> Measurement::sorted(
    std::vector<circuits::ChunkAnswers> answers) const {
  auto all = std::make_shared<circuits::AnsweredByAblation>();
  for (const auto& [ablation, inquiry] : inquiries_) (*all)[ablation].inquiry = inquiry;
  for (size_t i = 0; i < answers.size(); ++i)
    (*all)[chunks_.at(i).ablation].chunks.push_back(std::move(answers[i]));
  return all;
}

ordered_json Measurement::conclude(std::vector<circuits::ChunkAnswers> answers, ordered_json report,
                                   bool quiet, const Console& console) const {
  report.update(facts_);
  report.erase("interpretation_sha256");
  const Conclusion conclusion{request_, subject_, file_.circuit, console, report};
  Requests requests(quiet);
  const auto show = [&](int64_t done, int64_t of) { requests.show(done, of); };
  const auto answered = sorted(std::move(answers));
  if (request_.experiment.ablation == kAll)
    conclude_all_ablations(
        conclusion,
        circuits::ablation_matrix(experiment("zero"), file_.circuit.kept, {}, show, answered));
  else
    conclude_one_ablation(
        conclusion, circuits::Evaluation(experiment(request_.experiment.ablation), show, answered));
  if (!request_.interpretation.empty()) compare_with_interpretation(conclusion);
  return report;
}

}  // namespace assay::tools
