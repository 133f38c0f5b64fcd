#pragma once
// The distinct inputs of block 1. It reads nothing but the token and the position of each place in
// a sequence, and a batch has few distinct pairs of them: what block 1 makes of a single place is
// computed once per pair and then spread over the batch.

#include <ATen/core/Tensor.h>

#include "interp/plan.h"

namespace assay::interp::tracing {

class DistinctInputs {
 public:
  /// @param tokens  int64 [batch, pos].
  DistinctInputs(const Transformer& model, const at::Tensor& tokens);

  int64_t count() const { return embeddings_.size(0); }

  /// Token plus positional embedding of each distinct input: [distinct, d_model].
  const at::Tensor& embeddings() const { return embeddings_; }

  /// @param rows  one per distinct input: [distinct, width].
  /// @return those of the batch's inputs: [batch, |positions|, width].
  at::Tensor spread(const at::Tensor& rows, const Positions& positions) const;

  /// @param table  one number per pair of distinct inputs: [distinct, distinct].
  /// @return those of the batch's pairs: [batch, |queries|, |keys|].
  at::Tensor spread_pairs(const at::Tensor& table, const Positions& queries,
                          const Positions& keys) const;

 private:
  at::Tensor embeddings_;
  at::Tensor row_of_input_;  // [batch, pos]
};

}  // namespace assay::interp::tracing
