#include "interp/attribution/scorer.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "interp/execution/parallel.h"
#include "interp/network/network.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

Tensor as_tensor(const std::vector<const Sequence*>& sequences) {
  const auto length = static_cast<int64_t>(sequences.front()->size());
  Tensor tokens = at::empty({static_cast<int64_t>(sequences.size()), length}, torch::kInt64);
  auto* next = tokens.data_ptr<int64_t>();
  for (const Sequence* sequence : sequences) next = std::ranges::copy(*sequence, next).out;
  return tokens;
}

/// In float64: a difference of two scores that are nearly equal keeps its digits.
Tensor logits_of(const Network& model, const Tensor& tokens, const Framing& framing) {
  const Tensor rows = framed(tokens, framing).to(model.device());
  return logits_at(model, rows, rows.size(1) - 1).to(torch::kFloat64);
}

}  // namespace

std::vector<Sequence> sequences_of(const Tensor& tokens) {
  const Tensor rows = tokens.to(torch::kInt64).contiguous();
  const auto* next = rows.data_ptr<int64_t>();
  std::vector<Sequence> sequences;
  for (int64_t row = 0; row < rows.size(0); ++row, next += rows.size(1))
    sequences.emplace_back(next, next + rows.size(1));
  return sequences;
}

Tensor framed(const Tensor& tokens, const Framing& framing) {
  if (framing.length == 0) return tokens;
  const int64_t missing = framing.length - tokens.size(1);
  if (missing < 0)
    throw std::invalid_argument(fmt::format("a sequence of {} tokens; the network reads {}",
                                            tokens.size(1), framing.length));
  return at::constant_pad_nd(tokens, {missing, 0}, framing.padding);
}

Sequence unframed(const Tensor& tokens, const Framing& framing) {
  const Tensor row = tokens.to(torch::kCPU).contiguous();
  const auto* begin = row.data_ptr<int64_t>();
  const auto* end = begin + row.numel();
  const auto is_padding = [&](int64_t token) { return token == framing.padding; };
  return {framing.length == 0 ? begin : std::find_if_not(begin, end, is_padding), end};
}

Scorer::Scorer(Function function)
    : function_(std::move(function)), rows_(std::make_shared<std::atomic<int64_t>>(0)) {}

SequenceBatches::SequenceBatches(const std::vector<Sequence>& sequences) {
  if (sequences.empty()) throw std::invalid_argument("no sequence to score");
  for (const Sequence& sequence : sequences) index_of_.emplace(sequence, 0);
  std::map<size_t, std::vector<const Sequence*>> by_length;
  for (const auto& [sequence, index] : index_of_) by_length[sequence.size()].push_back(&sequence);
  if (by_length.contains(0)) throw std::invalid_argument("an empty sequence has no score");
  int64_t next = 0;
  for (const auto& [length, group] : by_length)
    for (size_t i = 0; i < group.size(); ++i) {
      if (i % kInputsPerRun == 0) batches_.emplace_back();
      batches_.back().push_back(group[i]);
      index_of_[*group[i]] = next++;
    }
  for (const Sequence& sequence : sequences) order_.push_back(index_of_[sequence]);
}

Tensor SequenceBatches::tokens(int64_t batch) const {
  return as_tensor(batches_.at(batch));
}

Tensor SequenceBatches::in_order(const std::vector<Tensor>& scores) const {
  return at::cat(scores).index_select(0, torch::tensor(order_, torch::kInt64));
}

Tensor Scorer::of_batch(const SequenceBatches& batches, int64_t batch) const {
  const at::NoGradGuard no_grad;
  const Tensor tokens = batches.tokens(batch);
  const Tensor scores = function_(tokens).to(torch::kCPU, torch::kFloat64);
  require_finite(scores, tokens, "scores");
  *rows_ += tokens.size(0);
  return scores;
}

Tensor Scorer::operator()(const std::vector<Sequence>& sequences) const {
  const SequenceBatches batches(sequences);
  std::vector<Tensor> scores(batches.count());
  parallel_for(batches.count(), [&](int64_t i) { scores[i] = of_batch(batches, i); });
  return batches.in_order(scores);
}

double Scorer::score(const Sequence& sequence) const {
  return (*this)(std::vector<Sequence>{sequence}).item<double>();
}

Scorer scorer_of(const Network& model, const Target& target, const Framing& framing) {
  return Scorer([&model, target, framing](const Tensor& tokens) {
    return evaluate(target, logits_of(model, tokens, framing));
  });
}

Scorer logits_scorer_of(const Network& model, const Framing& framing) {
  return Scorer(
      [&model, framing](const Tensor& tokens) { return logits_of(model, tokens, framing); });
}

}  // namespace assay::interp::attribution
