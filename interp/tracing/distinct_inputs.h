#pragma once
// The distinct inputs of a batch. What is computed from the embeddings alone depends on nothing but
// the token and the position of each place in a sequence, and a batch has few distinct pairs of
// them: it is computed once per pair and then spread over the batch.

#include <ATen/core/Tensor.h>

#include <vector>

#include "interp/network/places.h"
#include "interp/tracing/plan.h"

namespace assay::interp::tracing {

class DistinctInputs {
 public:
  /// @param sum  a place that adds up rows that tokens and positions name.
  /// @param tokens  int64 [batch, pos].
  DistinctInputs(const Places& places, const std::vector<at::Tensor>& weights, int sum,
                 const at::Tensor& tokens);

  int sum() const { return sum_; }
  int64_t count() const { return embeddings_.size(0); }

  /// The value of the sum for each distinct input: [distinct, d_model].
  const at::Tensor& embeddings() const { return embeddings_; }

  /// @param rows  one per distinct input: [distinct, width].
  /// @return those of the batch's inputs: [batch, |positions|, width].
  at::Tensor spread(const at::Tensor& rows, const Positions& positions) const;

  /// @param table  one number per pair of distinct inputs: [distinct, distinct].
  /// @return those of the batch's pairs: [batch, |queries|, |keys|].
  at::Tensor spread_pairs(const at::Tensor& table, const Positions& queries,
                          const Positions& keys) const;

 private:
  int sum_;
  at::Tensor embeddings_;
  at::Tensor row_of_input_;  // [batch, pos]
};

}  // namespace assay::interp::tracing
