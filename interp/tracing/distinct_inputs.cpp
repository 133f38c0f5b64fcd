#include "interp/tracing/distinct_inputs.h"

#include <torch/types.h>

#include "interp/tracing/selection.h"

namespace assay::interp::tracing {

using at::Tensor;

DistinctInputs::DistinctInputs(const Places& places, const std::vector<Tensor>& weights, int sum,
                               const Tensor& tokens)
    : sum_(sum) {
  const int64_t n_pos = tokens.size(1);
  const Tensor position = at::arange(n_pos, tokens.options());
  auto [ids, inverse, counts] = at::_unique2(tokens * n_pos + position, true, true);
  row_of_input_ = inverse;
  for (const Read& read : places[sum].reads) {
    const Place& term = places[read.from];
    const Tensor rows = at::embedding(weights[term.weights[0]], term.by == Primitive::Token
                                                                    ? at::floor_divide(ids, n_pos)
                                                                    : at::remainder(ids, n_pos));
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
