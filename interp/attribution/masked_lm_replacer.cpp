#include "interp/attribution/masked_lm_replacer.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>
#include <utility>

#include "interp/network/network.h"
#include "interp/statistics/random.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

Tensor as_row(const Sequence& sequence) {
  return torch::tensor(sequence, torch::kInt64).unsqueeze(0);
}

/// The likeliest entries of each row that have probability `top_p` together; 0 elsewhere.
Tensor nucleus(const Tensor& probabilities, double top_p) {
  const auto [sorted, order] = probabilities.sort(1, /*descending=*/true);
  const Tensor before = sorted.cumsum(1) - sorted;
  return at::zeros_like(probabilities).scatter(1, order, sorted.masked_fill(before >= top_p, 0));
}

/// The index at which the cumulated probabilities of each row pass its number: int64 [rows].
Tensor pick(const Tensor& probabilities, const Tensor& u) {
  const Tensor passed = probabilities.cumsum(1).gt(u.unsqueeze(1));
  return passed.to(torch::kInt64).argmax(1);
}

}  // namespace

MaskedLmReplacer::MaskedLmReplacer(std::shared_ptr<const Network> encoder, double top_p)
    : encoder_(std::move(encoder)), top_p_(top_p) {
  if (encoder_->places().causal)
    throw std::invalid_argument(
        "masked language model: expected a network that attends to all positions, got a causal "
        "one");
  if (!(top_p > 0 && top_p <= 1))
    throw std::invalid_argument(
        fmt::format("masked language model: top_p: expected above 0, at most 1, got {}", top_p));
}

int64_t MaskedLmReplacer::mask_token() const {
  return encoder_->places().n_tokens - 1;
}

Tensor MaskedLmReplacer::expected(const Tensor& rows, int64_t position, int64_t own) const {
  const Scorer logits(
      [this, position](const Tensor& tokens) { return logits_at(*encoder_, tokens, position); });
  const Tensor words = logits(sequences_of(rows)).narrow(1, 0, mask_token());
  const Tensor others =
      nucleus(at::softmax(words, 1), top_p_).index_fill(1, torch::tensor({own}, torch::kInt64), 0);
  return others / others.sum(1, true).clamp_min(1e-300);
}

Support MaskedLmReplacer::alone(const Sequence& sequence, int64_t position) const {
  Sequence hidden = sequence;
  const int64_t own = std::exchange(hidden.at(position), mask_token());
  const Tensor probabilities = expected(as_row(hidden), position, own)[0];
  Support support;
  for (int64_t token = 0; token < mask_token(); ++token) {
    const auto probability = probabilities[token].item<double>();
    if (probability == 0) continue;
    support.fillings.push_back({token});
    support.probabilities.push_back(probability);
  }
  return support;
}

std::optional<Support> MaskedLmReplacer::support(const Sequence& sequence,
                                                 const std::vector<int64_t>& positions) const {
  if (positions.size() == 1) return alone(sequence, positions[0]);
  for (const int64_t position : positions)
    if (!alone(sequence, position).fillings.empty()) return std::nullopt;
  return Support{};
}

Tensor MaskedLmReplacer::draw(const Sequence& sequence, const Tensor& mask, uint64_t seed,
                              int64_t first_row) const {
  require_mask(sequence, mask);
  Tensor eligible = mask.to(torch::kBool).clone();
  for (int64_t p = 0; p < mask.size(1); ++p)
    if (eligible.select(1, p).any().item<bool>() && alone(sequence, p).fillings.empty())
      eligible.select(1, p).fill_(false);
  const Tensor original = as_row(sequence).expand_as(mask);
  Tensor rows = original.masked_fill(eligible, mask_token());
  for (int64_t p = 0; p < mask.size(1); ++p) {
    const Tensor open = eligible.select(1, p).nonzero().flatten();
    if (open.numel() == 0) continue;
    std::vector<double> numbers;
    for (int64_t i = 0; i < open.numel(); ++i)
      numbers.push_back(statistics::uniform_at(seed, first_row + open[i].item<int64_t>(), p));
    const Tensor probabilities = expected(rows.index_select(0, open), p, sequence[p]);
    const Tensor drawn = pick(probabilities, torch::tensor(numbers, torch::kFloat64));
    const Tensor nothing = probabilities.sum(1).eq(0);
    rows.select(1, p).index_copy_(0, open, drawn.masked_fill(nothing, sequence[p]));
  }
  return rows;
}

}  // namespace assay::interp::attribution
