#pragma once
// One run in progress: what was asked, and the values found so far.

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "interp/network/transformer.h"
#include "interp/tracing/arguments.h"
#include "interp/tracing/distinct_inputs.h"
#include "interp/tracing/plan.h"

namespace assay::interp::tracing {

class Run {
 public:
  /// Everything must outlive the run. @throws std::invalid_argument if tokens are needed and
  /// missing.
  Run(const Transformer& model, const at::Tensor& tokens, const TraceRequest& request,
      const Extent& extent, const Plan& plan);

  const Places& places() const { return model_.places(); }
  const Place& place_of(const Step& step) const { return places()[step.place]; }
  const std::vector<at::Tensor>& weights() const { return model_.weights(); }
  /// One of a place's weights; undefined if it has no so many.
  at::Tensor weight(const Place& place, size_t i) const;
  const at::Tensor& tokens() const { return tokens_; }
  const Extent& extent() const { return extent_; }
  /// Null if nobody reads the sum of the embeddings, or somebody sees them apart.
  const DistinctInputs* distinct_inputs() const { return distinct_ ? &*distinct_ : nullptr; }

  /// @param value  at the positions where the step is present; a batch of 1 is broadcast. Values
  ///   that nobody needs any more are let go.
  void set(const Step& step, const at::Tensor& value);
  at::Tensor read(int place, const Positions& positions) const;
  /// Scores or a pattern at the queries that `by` computes, with the keys that it attends to.
  at::Tensor read_map(int place, const Step& by) const;
  /// As trace() returns it.
  at::Tensor recorded(const Site& site) const;

  const Overwrite& overwrite(size_t i) const { return request_.overwrite[i]; }
  bool is_overwritten(int place) const;

 private:
  const Transformer& model_;
  const at::Tensor& tokens_;
  const TraceRequest& request_;
  const Extent extent_;
  const Plan& plan_;
  std::optional<DistinctInputs> distinct_;
  std::vector<at::Tensor> values_;  // of each place
};

}  // namespace assay::interp::tracing
