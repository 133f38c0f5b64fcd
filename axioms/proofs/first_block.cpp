#include "axioms/proofs/first_block.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>

#include "axioms/proofs/exponential.h"
#include "axioms/proofs/statement.h"

namespace assay::proofs {

using at::Tensor;

FirstBlock::FirstBlock(const Weights& weights, const Domain& domain)
    : weights_(weights), domain_(domain) {
  const BlockWeights& b = block();
  if (std::max(b.W_in.size(0), b.W_in.size(1)) > kLongestSum || domain.length > kLongestSum)
    throw Untreated(fmt::format("networks wider than {} are not treated", kLongestSum));
  std::vector<int64_t> positions, tokens;
  for (const Slot& slot : domain.slots)
    for (const auto& alternative : slot.alternatives)
      for (size_t i = 0; i < slot.positions.size(); ++i)
        if (key_.try_emplace({slot.positions[i], alternative[i]}, positions.size()).second) {
          positions.push_back(slot.positions[i]);
          tokens.push_back(alternative[i]);
        }
  x_ = weights.W_E.index_select(0, torch::tensor(tokens)) +
       weights.W_pos.index_select(0, torch::tensor(positions));
  for (int64_t h = 0; h < heads(); ++h) {
    const auto project = [&](const Tensor& W, const Tensor& bias) {
      return at::matmul(x_, W[h]) + bias[h];
    };
    const auto size = [&](const Tensor& W, const Tensor& bias) {
      return at::matmul(x_.abs(), W[h].abs()) + bias[h].abs();
    };
    tables_.push_back({project(b.W_Q, b.b_Q), project(b.W_K, b.b_K), project(b.W_V, b.b_V),
                       size(b.W_Q, b.b_Q), size(b.W_K, b.b_K), size(b.W_V, b.b_V)});
  }
}

FirstBlock::View FirstBlock::view(int64_t head, int64_t position, size_t slot,
                                  int64_t alternative) const {
  View view;
  std::vector<bool> seen(key_.size());
  for (size_t s = 0; s < domain_.slots.size(); ++s) {
    const Slot& of = domain_.slots[s];
    if (of.positions.front() > position) continue;
    std::vector<std::vector<int>> alternatives;
    for (size_t a = 0; a < of.alternatives.size(); ++a) {
      if (s == slot && static_cast<int64_t>(a) != alternative) continue;
      std::vector<int> keys;
      for (size_t i = 0; i < of.positions.size() && of.positions[i] <= position; ++i)
        seen[keys.emplace_back(key(of.positions[i], of.alternatives[a][i]))] = true;
      alternatives.push_back(std::move(keys));
    }
    view.slots.push_back(s);
    view.attended.slots.push_back(std::move(alternatives));
  }

  const Slot& own = domain_.slots[slot];
  const auto place = std::ranges::find(own.positions, position) - own.positions.begin();
  const int query = key(position, own.alternatives[alternative][place]);
  const HeadTables& t = tables_[head];
  const double scale = block().scale;
  const Tensor scores = at::matmul(t.k, t.q[query]) * scale;
  const Tensor sizes = at::matmul(t.k_size, t.q_size[query]) * scale;
  const double* score = scores.data_ptr<double>();
  double most = -std::numeric_limits<double>::infinity(), least = -most, largest_size = 0;
  for (size_t key = 0; key < seen.size(); ++key)
    if (seen[key]) {
      most = std::max(most, score[key]);
      least = std::min(least, score[key]);
      largest_size = std::max(largest_size, sizes.data_ptr<double>()[key]);
    }
  if (!(most - least <= kMostExponent))
    throw Untreated(fmt::format("attention scores lie {:.0f} apart", most - least));
  view.score_error = kShare * largest_size;
  view.attended.weights.resize(seen.size());
  for (size_t key = 0; key < seen.size(); ++key)
    if (seen[key]) view.attended.weights[key] = exponential(score[key] - most);
  return view;
}

Tensor FirstBlock::input(const View& view, const std::vector<int64_t>& chosen, size_t slot,
                         int64_t alternative) const {
  Tensor choices = at::zeros({1, std::ssize(domain_.slots)}, torch::kInt64);
  auto choice = choices.accessor<int64_t, 2>();
  for (size_t i = 0; i < chosen.size(); ++i) choice[0][view.slots[i]] = chosen[i];
  choice[0][slot] = alternative;
  return domain_.tokens_of(choices)[0];
}

}  // namespace assay::proofs
