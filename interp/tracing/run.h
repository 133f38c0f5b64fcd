#pragma once
// One run in progress: what was asked, and the values found so far.

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <vector>

#include "interp/plan.h"
#include "interp/trace.h"
#include "interp/tracing/arguments.h"
#include "interp/tracing/distinct_inputs.h"

namespace assay::interp::tracing {

class Run {
 public:
  /// All three must outlive the run. @throws std::invalid_argument if tokens are needed and
  /// missing.
  Run(const Transformer& model, const at::Tensor& tokens, const TraceRequest& request,
      const Extent& extent);

  const Transformer& model() const { return model_; }
  const TransformerConfig& config() const { return model_.config(); }
  const at::Tensor& tokens() const { return tokens_; }
  const Extent& extent() const { return extent_; }
  const Plan& plan() const { return plan_; }
  /// Null if nobody reads the stream in front of block 1, or somebody sees its two embeddings
  /// apart.
  const DistinctInputs* distinct_inputs() const { return distinct_ ? &*distinct_ : nullptr; }

  /// @param value  at the positions where the plan has the place present; a batch of 1 is
  /// broadcast.
  void set(const Place& place, const at::Tensor& value) { values_[place] = value; }
  at::Tensor read(const Place& place, const Positions& positions) const;
  /// As trace() returns it.
  at::Tensor recorded(const Site& site) const;

  std::vector<const Overwrite*> overwrites_of(const Place& place) const;
  bool is_overwritten(const Place& place) const { return !overwrites_of(place).empty(); }
  bool is_seen(const Place& place) const;  ///< recorded or overwritten, be it in part
  Positions positions_of(const Site& site) const;

 private:
  const Transformer& model_;
  const at::Tensor& tokens_;
  const TraceRequest& request_;
  const Extent extent_;
  const Plan plan_;
  std::optional<DistinctInputs> distinct_;
  std::map<Place, at::Tensor> values_;
};

}  // namespace assay::interp::tracing
