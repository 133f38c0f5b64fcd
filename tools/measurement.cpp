#include "tools/measurement.h"

#include <mutex>
#include <optional>
#include <stdexcept>

#include "circuits/measures/ablation_matrix.h"
#include "circuits/measures/faithfulness_curve.h"
#include "interp/files/files.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tools/measure_result.h"
#include "tools/measure_text.h"
#include "tools/progress.h"

namespace assay::tools {

using nlohmann::ordered_json;

namespace {

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
      circuit_{request_.circuit.string(), interp::sha256_of_file(request_.circuit)} {
  circuits::require_fits(file_, subject_.model.model->places());
  if (request_.curve && !file_.circuit.scores.defined())
    throw std::invalid_argument(
        "--curve: the circuit file has no scores to choose edges by; discover writes them");
  if (!request_.interpretation.empty())
    interpretation_sha256_ = interp::sha256_of_file(request_.interpretation);
  const bool several = request_.of_all_ablations();
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

ordered_json Measurement::facts() const {
  return interp::write_record(MeasuredFiles{subject_.facts, circuit_, interpretation_sha256_});
}

void Measurement::print_subject(const Session& session) const {
  tools::print_subject(request_.experiment, subject_, session);
  session.console.fact("circuit",
                       fmt::format("{}: {}", request_.circuit.string(),
                                   size_text(file_.circuit.size(), file_.circuit.graph.n_edges())));
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
  if (request_.of_all_ablations()) return interp::names_of(circuits::ablations());
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
         circuits::questions_of_tests(experiment(ablation), circuit.kept, request_.test_config()))
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
  MeasurementRecord record{.experiment = subject_.facts, .circuit = circuit_, .measures = {}};
  const Conclusion conclusion{request_, subject_, file_.circuit, console, record};
  Requests requests(quiet);
  const auto show = [&](int64_t done, int64_t of) { requests.show(done, of); };
  const auto answered = sorted(std::move(answers));
  if (request_.of_all_ablations())
    conclude_all_ablations(
        conclusion,
        circuits::ablation_matrix(experiment("zero"), file_.circuit.kept, {}, show, answered));
  else
    conclude_one_ablation(
        conclusion, circuits::Evaluation(experiment(request_.experiment.ablation), show, answered));
  if (!request_.interpretation.empty()) compare_with_interpretation(conclusion);
  report.update(interp::write_record(record));
  return report;
}

}  // namespace assay::tools
