#include "circuits/measures/chunk_answers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <atomic>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "circuits/measures/measure_fields.h"
#include "interp/doubles.h"
#include "interp/execution/parallel.h"
#include "interp/files/json_shape.h"

namespace assay::circuits {
namespace {

using at::Tensor;
using nlohmann::ordered_json;

constexpr double kBatchMemory = 2.0 * (1 << 30);  // bytes of batches that are kept

const Experiment& validated(const Experiment& experiment) {
  validate(experiment);
  return experiment;
}

// Upper bound: ablation values as if each input had its own, inputs and logits.
double bytes_of_batches(const Experiment& experiment) {
  const interp::TransformerConfig& config = experiment.model.config();
  const auto writers = static_cast<double>(experiment.graph.writers().size() + 1);
  return 4.0 * static_cast<double>(experiment.data.size()) *
         (writers * static_cast<double>(experiment.data.clean.size(1) * config.d_model) +
          static_cast<double>(config.d_vocab));
}

Tensor as_keep(const Experiment& experiment, const Tensor& kept) {
  const std::vector<int64_t> expected = {experiment.graph.rows(), experiment.graph.columns()};
  if (kept.scalar_type() != torch::kBool || kept.sizes() != at::IntArrayRef(expected))
    throw std::invalid_argument(
        fmt::format("circuit: expected kept edges as bool [{}, {}], got {} {}", expected[0],
                    expected[1], c10::toString(kept.scalar_type()), fmt::join(kept.sizes(), ", ")));
  return kept.to(torch::kFloat32);
}

/// A chunk of which some circuits are still to run.
struct Open {
  ChunkAnswers answers;
  std::atomic<int64_t> left = 0;
  /// Of its circuits. Chunks are begun in order, so few have one at a time.
  std::unique_ptr<RunMemory> memory = std::make_unique<RunMemory>();
};

/// The runs that a chunk takes.
class ChunkRuns {
 public:
  explicit ChunkRuns(const Inquiry& inquiry) : inquiry_(inquiry), extremes_(inquiry.proves) {
    const Experiment& experiment = inquiry.batches->experiment();
    for (const Tensor& mask : inquiry.questions.in_full) keep_.push_back(as_keep(experiment, mask));
    for (const Tensor& mask : inquiry.questions.by_metric)
      keep_.push_back(as_keep(experiment, mask));
  }

  int64_t count() const { return extremes_ + std::ssize(keep_); }

  void begin(Open& chunk, int64_t inputs) const {
    chunk.answers.in_full.resize(inquiry_.questions.in_full.size());
    chunk.answers.by_metric =
        at::empty({std::ssize(inquiry_.questions.by_metric), inputs}, torch::kFloat64);
    chunk.left = count();
  }

  void run(int64_t index, const interp::Chunk& at, Open& chunk) const {
    ChunkAnswers& answers = chunk.answers;
    const PatchBatch batch = (*inquiry_.batches)[at.index];
    if (index < extremes_) return run_extremes(batch, at.first, answers);
    index -= extremes_;
    const Experiment& experiment = inquiry_.batches->experiment();
    const Tensor logits = run_circuit(experiment, batch, keep_[index], chunk.memory.get());
    const int64_t by_metric = index - std::ssize(answers.in_full);
    if (by_metric < 0)
      answers.in_full[index] = inquiry_.batches->answers(batch, logits);
    else
      answers.by_metric[by_metric].copy_(
          score(experiment.metric, logits, batch.network, batch.data));
  }

 private:
  /// The network and the circuits of all and of no edges, which prove that runs can be trusted.
  void run_extremes(const PatchBatch& batch, int64_t first, ChunkAnswers& answers) const {
    const Experiment& experiment = inquiry_.batches->experiment();
    const Tensor all = at::ones({experiment.graph.rows(), experiment.graph.columns()});
    const Tensor full = run_circuit(experiment, batch, all);
    const Tensor empty = run_circuit(experiment, batch, at::zeros_like(all));
    answers.changed = changes_something(experiment, batch);
    answers.self_check =
        self_check(experiment, inquiry_.batches->ablator(), batch, first, full, empty);
    answers.network = inquiry_.batches->answers(batch, batch.network);
    answers.empty = inquiry_.batches->answers(batch, empty);
  }

  const Inquiry& inquiry_;
  int64_t extremes_;  // 1 if they are run, first of all
  std::vector<Tensor> keep_;
};

// --- JSON

ordered_json to_json(const Answers& answers) {
  ordered_json logits = ordered_json::array();
  for (int64_t i = 0; i < answers.logits.size(0); ++i)
    logits.push_back(interp::doubles_of(answers.logits[i]));
  const Tensor decision = answers.decision.contiguous();
  const auto* first = decision.data_ptr<int64_t>();
  return {{"metric", interp::doubles_of(answers.metric)},
          {"decision", std::vector<int64_t>(first, first + decision.numel())},
          {"logits", logits}};
}

Tensor numbers_from_json(const ordered_json& json) {
  return torch::tensor(json.get<std::vector<double>>(), torch::kFloat64);
}

/// @param rows  lists of `width` numbers.
Tensor table_from_json(const ordered_json& rows, int64_t width) {
  Tensor table = at::empty({static_cast<int64_t>(rows.size()), width}, torch::kFloat64);
  for (size_t i = 0; i < rows.size(); ++i)
    table[static_cast<int64_t>(i)].copy_(numbers_from_json(rows[i]));
  return table;
}

Answers answers_from_json(const ordered_json& json, int64_t n_answers) {
  return {.metric = numbers_from_json(json.at("metric")),
          .decision = torch::tensor(json.at("decision").get<std::vector<int64_t>>(), torch::kInt64),
          .logits = table_from_json(json.at("logits"), n_answers).to(torch::kFloat32)};
}

interp::Shape shape_of(const Inquiry& inquiry, int64_t chunk) {
  namespace shapes = interp::json_shapes;
  const Experiment& experiment = inquiry.batches->experiment();
  const int64_t inputs = inquiry.batches->chunks()[chunk].count,
                n_answers = inquiry.batches->answer_tokens().numel();
  const auto list_of = [](const interp::Shape& element, int64_t n) {
    return shapes::list(element, static_cast<size_t>(n), static_cast<size_t>(n));
  };
  using Float = std::numeric_limits<float>;
  const interp::Shape per_input = list_of(shapes::number(), inputs);
  const interp::Shape answers = shapes::closed_object(
      {{"metric", per_input},
       {"decision", list_of(shapes::integer(0, experiment.model.config().d_vocab - 1), inputs)},
       {"logits",
        list_of(list_of(shapes::number(Float::lowest(), Float::max()), n_answers), inputs)}});
  return shapes::closed_object(
      {{"ablation", shapes::text_among({experiment.ablation})},
       {"chunk", shapes::integer(chunk, chunk)},
       {"changed", shapes::boolean()},
       {"self_check", shapes::closed_object({{"inputs", shapes::integer(inputs, inputs)},
                                             {"full_graph_against_network", shapes::number(0)},
                                             {"empty_graph_against_ablation", shapes::number(0)},
                                             {"largest_logit", shapes::number(0)}})},
       {"network", answers},
       {"empty", answers},
       {"circuits", list_of(answers, std::ssize(inquiry.questions.in_full))},
       {"metrics", list_of(per_input, std::ssize(inquiry.questions.by_metric))}});
}

}  // namespace

void add(Questions& questions, const Questions& more) {
  std::ranges::copy(more.in_full, std::back_inserter(questions.in_full));
  std::ranges::copy(more.by_metric, std::back_inserter(questions.by_metric));
}

PatchBatches::PatchBatches(const Experiment& experiment)
    : experiment_(validated(experiment)),
      ablator_(experiment.ablator()),
      answer_tokens_(experiment.data.candidates().any(0).nonzero().squeeze(1)) {
  if (bytes_of_batches(experiment_) > kBatchMemory) return;
  for (int64_t i = 0; i < chunks().count(); ++i) kept_.push_back(std::make_unique<Slot>());
}

PatchBatch PatchBatches::operator[](int64_t chunk) const {
  const auto [index, first, count] = chunks()[chunk];
  if (kept_.empty()) return make_batch(experiment_, ablator_, first, count);
  Slot& slot = *kept_[chunk];
  std::call_once(slot.made, [&] { slot.batch = make_batch(experiment_, ablator_, first, count); });
  return slot.batch;
}

Answers PatchBatches::answers(const PatchBatch& batch, const Tensor& logits) const {
  const Tensor no_answer = batch.data.candidates().logical_not();
  return {
      .metric = score(experiment_.metric, logits, batch.network, batch.data).to(torch::kFloat64),
      .decision = logits.masked_fill(no_answer, -std::numeric_limits<double>::infinity()).argmax(1),
      .logits = logits.index_select(1, answer_tokens_)};
}

// The circuits of a chunk run side by side where its batch is kept; else they run in turn, so that
// the batch is made once.
void answer(const Inquiry& inquiry, const std::vector<int64_t>& chunks,
            const std::function<void(int64_t chunk, ChunkAnswers answers)>& use,
            const Watch& watch) {
  const interp::Chunks all = inquiry.batches->chunks();
  const ChunkRuns runs(inquiry);
  std::vector<Open> open(chunks.size());
  int64_t inputs = 0, done = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    runs.begin(open[i], all[chunks[i]].count);
    inputs += all[chunks[i]].count;
  }
  const int64_t at_once = inquiry.batches->are_kept() ? runs.count() : 1;
  std::mutex mutex;
  interp::parallel_for(std::ssize(chunks) * at_once, [&](int64_t i) {
    const at::NoGradGuard no_grad;
    Open& chunk = open[i / at_once];
    const interp::Chunk at = all[chunks[i / at_once]];
    for (int64_t index = i % at_once; index < runs.count(); index += at_once) {
      if (watch.is_stopped()) return;
      runs.run(index, at, chunk);
      const bool is_last = --chunk.left == 0;
      if (is_last) chunk.memory.reset();
      const std::lock_guard lock(mutex);
      done += at.count;
      if (watch.on_progress) watch.on_progress(done, inputs * runs.count());
      if (is_last) use(at.index, std::move(chunk.answers));
    }
  });
}

ordered_json to_json(const ChunkAnswers& answers, const Inquiry& inquiry, int64_t chunk) {
  ordered_json circuits = ordered_json::array(), metrics = ordered_json::array();
  for (const Answers& circuit : answers.in_full) circuits.push_back(to_json(circuit));
  for (int64_t i = 0; i < answers.by_metric.size(0); ++i)
    metrics.push_back(interp::doubles_of(answers.by_metric[i]));
  return {{"ablation", inquiry.batches->experiment().ablation},
          {"chunk", chunk},
          {"changed", answers.changed},
          {"self_check", interp::write_record(answers.self_check)},
          {"network", to_json(answers.network)},
          {"empty", to_json(answers.empty)},
          {"circuits", circuits},
          {"metrics", metrics}};
}

ChunkAnswers chunk_answers_from_json(const ordered_json& json, const Inquiry& inquiry,
                                     int64_t chunk) {
  const int64_t inputs = inquiry.batches->chunks()[chunk].count,
                n_answers = inquiry.batches->answer_tokens().numel();
  if (const auto problem = interp::mismatch(json, shape_of(inquiry, chunk)))
    throw std::invalid_argument(*problem);
  ChunkAnswers answers{.changed = json.at("changed"),
                       .self_check = interp::read_checked<SelfCheck>(json.at("self_check")),
                       .network = answers_from_json(json.at("network"), n_answers),
                       .empty = answers_from_json(json.at("empty"), n_answers),
                       .in_full = {},
                       .by_metric = table_from_json(json.at("metrics"), inputs)};
  for (const ordered_json& circuit : json.at("circuits"))
    answers.in_full.push_back(answers_from_json(circuit, n_answers));
  return answers;
}

}  // namespace assay::circuits
