#include "circuits/measures/evaluation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <limits>
#include <mutex>
#include <stdexcept>

#include "interp/execution/chunks.h"
#include "interp/execution/parallel.h"

namespace assay::circuits {
namespace {

using at::Tensor;

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

Answers joined(const std::vector<Answers>& parts) {
  const auto all = [&](Tensor Answers::*member) {
    std::vector<Tensor> tensors;
    for (const Answers& part : parts) tensors.push_back(part.*member);
    return at::cat(tensors);
  };
  return {all(&Answers::metric), all(&Answers::decision), all(&Answers::logits)};
}

}  // namespace

Evaluation::Evaluation(const Experiment& experiment, Progress on_progress)
    : experiment_(validated(experiment)),
      on_progress_(std::move(on_progress)),
      ablator_(experiment.ablator()),
      answer_tokens_(experiment.data.candidates().any(0).nonzero().squeeze(1)) {
  const at::NoGradGuard no_grad;
  if (bytes_of_batches(experiment_) <= kBatchMemory) {
    std::vector<PatchBatch> batches(n_chunks());
    interp::parallel_for(n_chunks(), [&](int64_t chunk) { batches[chunk] = batch(chunk); });
    batches_ = std::move(batches);
  }
  const Tensor all = at::ones({experiment_.graph.rows(), experiment_.graph.columns()});
  const Tensor none = at::zeros_like(all);
  std::vector<char> changed(n_chunks());
  std::vector<SelfCheck> checks(n_chunks());
  std::vector<Answers> network(n_chunks()), ablated(n_chunks());
  interp::parallel_for(n_chunks(), [&](int64_t i) {
    const at::NoGradGuard inside;
    const PatchBatch part = batch(i);
    const Tensor full = run_circuit(experiment_, part, all);
    const Tensor empty = run_circuit(experiment_, part, none);
    changed[i] = changes_something(experiment_, part);
    checks[i] = circuits::self_check(experiment_, ablator_, part, chunks()[i].first, full, empty);
    network[i] = answers(part, part.network);
    ablated[i] = answers(part, empty);
  });
  require_change(experiment_.ablation, changed);
  for (const SelfCheck& check : checks) self_check_ += check;
  require_passed(self_check_);
  network_ = joined(network);
  empty_ = joined(ablated);
}

PatchBatch Evaluation::batch(int64_t chunk) const {
  if (!batches_.empty()) return batches_[chunk];
  const auto [index, first, count] = chunks()[chunk];
  return make_batch(experiment_, ablator_, first, count);
}

// Chunks that are kept are open to all circuits at once; others are made once and serve all
// circuits in turn.
void Evaluation::for_each(const std::vector<Tensor>& kept, const Use& use) const {
  std::vector<Tensor> keep;
  for (const Tensor& mask : kept) keep.push_back(as_keep(experiment_, mask));
  const auto n_circuits = static_cast<int64_t>(kept.size());
  const int64_t at_once = batches_.empty() ? 1 : n_circuits, of = n_circuits * size();
  std::mutex mutex;
  int64_t done = 0;
  interp::parallel_for(n_chunks() * at_once, [&](int64_t i) {
    const at::NoGradGuard no_grad;
    const int64_t chunk = i % n_chunks();
    const PatchBatch part = batch(chunk);
    for (int64_t c = i / n_chunks(); c < n_circuits; c += at_once) {
      use(c, chunk, part, run_circuit(experiment_, part, keep[c]));
      const std::lock_guard lock(mutex);
      done += part.data.size();
      if (on_progress_) on_progress_(done, of);
    }
  });
}

Answers Evaluation::answers(const PatchBatch& batch, const Tensor& logits) const {
  const Tensor no_answer = batch.data.candidates().logical_not();
  return {
      .metric = score(experiment_.metric, logits, batch.network, batch.data).to(torch::kFloat64),
      .decision = logits.masked_fill(no_answer, -std::numeric_limits<double>::infinity()).argmax(1),
      .logits = logits.index_select(1, answer_tokens_)};
}

Answers Evaluation::run(const Tensor& kept) const {
  std::vector<Answers> parts(n_chunks());
  for_each({kept}, [&](size_t, int64_t chunk, const PatchBatch& batch, const Tensor& logits) {
    parts[chunk] = answers(batch, logits);
  });
  return joined(parts);
}

Tensor Evaluation::metrics(const std::vector<Tensor>& kept) const {
  Tensor all = at::empty({static_cast<int64_t>(kept.size()), size()}, torch::kFloat64);
  for_each(kept, [&](size_t circuit, int64_t chunk, const PatchBatch& batch, const Tensor& logits) {
    all[static_cast<int64_t>(circuit)]
        .narrow(0, chunks()[chunk].first, batch.data.size())
        .copy_(score(experiment_.metric, logits, batch.network, batch.data));
  });
  return all;
}

}  // namespace assay::circuits
