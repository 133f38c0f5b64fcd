#include "tasks/majority/operations.h"

#include <torch/types.h>

#include <stdexcept>

#include "interp/execution/constant.h"

namespace assay::tasks::majority {

using circuits::Value;

circuits::Function count_tokens(const circuits::Operation& operation) {
  const auto weights = circuits::parameter<std::vector<int64_t>>(operation, "weights");
  if (weights.empty()) throw std::invalid_argument("weights: expected one per token");
  return [of = interp::Constant(weights)](const std::vector<Value>& parents) -> Value {
    const at::Tensor& tokens = parents.at(0);
    const at::Tensor each = of.on(tokens.device()).index_select(0, tokens.flatten());
    return each.view(tokens.sizes()).sum(1, true);
  };
}

circuits::Function above(const circuits::Operation& operation) {
  const auto threshold = circuits::parameter<double>(operation, "threshold");
  return [threshold](const std::vector<Value>& parents) -> Value {
    return parents.at(0).gt(threshold);
  };
}

void add_operations(circuits::Operations& operations) {
  operations.functions.add({"count_tokens", "the sum of a weight per token", count_tokens});
  operations.functions.add({"above", "whether each number is above a threshold", above});
}

}  // namespace assay::tasks::majority
