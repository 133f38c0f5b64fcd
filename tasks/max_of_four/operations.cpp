#include "tasks/max_of_four/operations.h"

#include <torch/types.h>

#include <stdexcept>

#include "interp/execution/constant.h"

namespace assay::tasks::max_of_four {

using at::Tensor;
using circuits::Value;

circuits::Function where_largest(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    return parents.at(0).eq(parents.at(0).amax(1, true));
  };
}

circuits::Function number_where(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    const Tensor place = parents.at(1).to(torch::kInt64).argmax(1, true);
    return parents.at(0).squeeze(2).gather(1, place).squeeze(1);
  };
}

circuits::Function largest(const circuits::Operation& operation) {
  const auto positions = circuits::parameter<std::vector<int64_t>>(operation, "positions");
  if (positions.empty()) throw std::invalid_argument("positions: expected at least one");
  return [index = interp::Constant(positions)](const std::vector<Value>& parents) -> Value {
    const Tensor& numbers = parents.at(0);
    return numbers.index_select(1, index.on(numbers.device())).amax(1, true);
  };
}

circuits::Function same_number(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    return parents.at(0).flatten(1).select(1, 0);
  };
}

circuits::Abstraction attended(const circuits::Operation& operation) {
  const auto share = circuits::parameter<double>(operation, "share");
  return [share](const circuits::Activations& activations) -> Value {
    const Tensor pattern = activations.at(0).flatten(1);
    return pattern.ge(share * pattern.amax(1, true));
  };
}

circuits::Concretisation attend_evenly(const circuits::Operation&) {
  return [](const Value& value) -> circuits::Activations {
    const Tensor keys = value.logical_or(value.any(1, true).logical_not()).to(torch::kFloat32);
    return {(keys / keys.sum(1, true)).unsqueeze(1).unsqueeze(1)};
  };
}

void add_operations(circuits::Operations& operations) {
  operations.functions.add({"where_largest", "which positions hold the largest", where_largest});
  operations.functions.add({"number_where", "the number at a position", number_where});
  operations.functions.add({"largest", "the largest of some numbers", largest});
  operations.functions.add({"same_number", "the number as it is", same_number});
  operations.abstractions.add(
      {"attended", "which positions get about as much attention as any", attended});
  operations.concretisations.add(
      {"attend_evenly", "even attention to some positions", attend_evenly});
}

}  // namespace assay::tasks::max_of_four
