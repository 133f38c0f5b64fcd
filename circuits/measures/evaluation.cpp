#include "circuits/measures/evaluation.h"

#include <torch/types.h>

#include <numeric>

namespace assay::circuits {
namespace {

using at::Tensor;

/// Empty for what is no mask.
std::string key_of(const Tensor& kept) {
  if (kept.scalar_type() != torch::kBool) return {};
  const Tensor mask = kept.contiguous();
  return {static_cast<const char*>(mask.data_ptr()), static_cast<size_t>(mask.numel())};
}

/// In the order of the chunks.
template <typename AnswersOf>
Answers joined(const std::vector<ChunkAnswers>& chunks, const AnswersOf& of) {
  const auto all = [&](Tensor Answers::*member) {
    std::vector<Tensor> tensors;
    for (const ChunkAnswers& chunk : chunks) tensors.push_back(of(chunk).*member);
    return at::cat(tensors);
  };
  return {all(&Answers::metric), all(&Answers::decision), all(&Answers::logits)};
}

/// float64 [circuit, n].
Tensor joined_metrics(const std::vector<ChunkAnswers>& chunks) {
  std::vector<Tensor> tensors;
  for (const ChunkAnswers& chunk : chunks) tensors.push_back(chunk.by_metric);
  return at::cat(tensors, 1);
}

std::vector<ChunkAnswers> all_chunks(const Inquiry& inquiry, const Watch& watch) {
  std::vector<int64_t> chunks(inquiry.batches->chunks().count());
  std::iota(chunks.begin(), chunks.end(), 0);
  std::vector<ChunkAnswers> answers(chunks.size());
  answer(
      inquiry, chunks,
      [&](int64_t chunk, ChunkAnswers of_chunk) { answers[chunk] = std::move(of_chunk); }, watch);
  return answers;
}

}  // namespace

Evaluation::Evaluation(const Experiment& experiment, Progress on_progress,
                       std::shared_ptr<const AnsweredByAblation> answered)
    : answered_(std::move(answered)), on_progress_(std::move(on_progress)) {
  if (answered_ && answered_->contains(experiment.ablation)) {
    const Answered& known = answered_->at(experiment.ablation);
    batches_ = known.inquiry.batches;
    remember(known.inquiry.questions, known.chunks);
  } else {
    batches_ = std::make_shared<const PatchBatches>(experiment);
    remember({}, all_chunks({batches_}, {}));
  }
}

Evaluation Evaluation::under(const std::string& ablation) const {
  Experiment other = experiment();
  other.ablation = ablation;
  return Evaluation(other, {}, answered_);
}

void Evaluation::remember(const Questions& questions, const std::vector<ChunkAnswers>& chunks) {
  std::vector<char> changed;
  for (const ChunkAnswers& chunk : chunks) {
    changed.push_back(chunk.changed);
    self_check_ += chunk.self_check;
  }
  require_change(experiment().ablation, changed);
  require_passed(self_check_);
  network_ = joined(chunks, [](const ChunkAnswers& chunk) { return chunk.network; });
  empty_ = joined(chunks, [](const ChunkAnswers& chunk) { return chunk.empty; });
  for (size_t i = 0; i < questions.in_full.size(); ++i)
    in_full_[key_of(questions.in_full[i])] =
        joined(chunks, [i](const ChunkAnswers& chunk) { return chunk.in_full[i]; });
  const Tensor metrics = joined_metrics(chunks);
  for (size_t i = 0; i < questions.by_metric.size(); ++i)
    metrics_[key_of(questions.by_metric[i])] = metrics[static_cast<int64_t>(i)];
}

Answers Evaluation::run(const Tensor& kept) const {
  if (const auto known = in_full_.find(key_of(kept)); known != in_full_.end()) return known->second;
  return joined(
      all_chunks({batches_, {.in_full = {kept}}, /*proves=*/false}, {.on_progress = on_progress_}),
      [](const ChunkAnswers& chunk) { return chunk.in_full[0]; });
}

Tensor Evaluation::metrics(const std::vector<Tensor>& kept) const {
  Tensor all = at::empty({std::ssize(kept), size()}, torch::kFloat64);
  Questions unknown;
  std::vector<int64_t> rows;  // of what is unknown
  for (int64_t i = 0; i < std::ssize(kept); ++i) {
    if (const auto known = metrics_.find(key_of(kept[i])); known != metrics_.end()) {
      all[i].copy_(known->second);
    } else {
      unknown.by_metric.push_back(kept[i]);
      rows.push_back(i);
    }
  }
  if (rows.empty()) return all;
  const Tensor found = joined_metrics(
      all_chunks({batches_, unknown, /*proves=*/false}, {.on_progress = on_progress_}));
  for (size_t i = 0; i < rows.size(); ++i) all[rows[i]].copy_(found[static_cast<int64_t>(i)]);
  return all;
}

}  // namespace assay::circuits
