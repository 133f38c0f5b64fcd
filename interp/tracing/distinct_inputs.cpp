#include "interp/tracing/distinct_inputs.h"

#include <torch/types.h>

#include "interp/tracing/selection.h"

namespace assay::interp::tracing {

using at::Tensor;

namespace {

/// The distinct ones among numbers, ascending, and the rank of each number among them.
struct Ranked {
  Tensor distinct, ranks;
};

// A table of all numbers below `bound` marks those that occur. That is several times as fast as
// sorting or hashing them.
Ranked ranked(const Tensor& numbers, int64_t bound) {
  const Tensor occurs = at::zeros({bound}, numbers.options().dtype(torch::kBool));
  occurs.index_fill_(0, numbers.flatten(), true);
  const Tensor rank = occurs.cumsum(0, torch::kInt64) - 1;
  return {occurs.nonzero().flatten(), rank.index_select(0, numbers.flatten()).view_as(numbers)};
}

}  // namespace

// Tokens are replaced by their ranks before they are paired with positions, so that the table of
// pairs follows the number of inputs and not the size of the vocabulary.
DistinctInputs::DistinctInputs(const Places& places, const std::vector<Tensor>& weights, int sum,
                               const Tensor& tokens)
    : sum_(sum) {
  const int64_t n_pos = tokens.size(1);
  const Tensor position = at::arange(n_pos, tokens.options());
  const Ranked token = ranked(tokens, places.n_tokens);
  const Ranked pair = ranked(token.ranks * n_pos + position, token.distinct.size(0) * n_pos);
  row_of_input_ = pair.ranks;
  const Tensor token_of_pair =
      token.distinct.index_select(0, at::floor_divide(pair.distinct, n_pos));
  const Tensor position_of_pair = at::remainder(pair.distinct, n_pos);
  for (const Read& read : places[sum].reads) {
    const Place& term = places[read.from];
    const Tensor rows = at::embedding(
        weights[term.weights[0]], term.by == Primitive::Token ? token_of_pair : position_of_pair);
    embeddings_ = embeddings_.defined() ? embeddings_ + rows : rows;
  }
}

Tensor DistinctInputs::spread(const Tensor& rows, const Positions& positions) const {
  const Tensor index = select(row_of_input_, 1, positions);
  return rows.index_select(0, index.flatten()).view({index.size(0), index.size(1), rows.size(1)});
}

Tensor DistinctInputs::spread_pairs(const Tensor& table, const Positions& queries,
                                    const Positions& keys) const {
  const Tensor pair = select(row_of_input_, 1, queries).unsqueeze(2) * count() +
                      select(row_of_input_, 1, keys).unsqueeze(1);
  return at::take(table, pair);
}

}  // namespace assay::interp::tracing
