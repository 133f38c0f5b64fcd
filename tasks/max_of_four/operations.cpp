#include "tasks/max_of_four/operations.h"

#include <torch/types.h>

namespace assay::tasks::max_of_four {

using circuits::Value;

circuits::Function largest(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value { return parents.at(0).amax(-1, true); };
}

circuits::Function first_number(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    return parents.at(0).flatten(1).select(1, 0);
  };
}

circuits::Function largest_and_last(const circuits::Operation&) {
  return [](const std::vector<Value>& parents) -> Value {
    const at::Tensor& numbers = parents.at(0);
    return at::cat({numbers.amax(-1, true), numbers.narrow(-1, numbers.size(-1) - 1, 1)}, -1);
  };
}

void add_operations(circuits::Operations& operations) {
  operations.functions.add({"largest", "the largest of some numbers", largest});
  operations.functions.add({"first_number", "the first of some numbers", first_number});
  operations.functions.add(
      {"largest_and_last", "the largest of some numbers, and the last", largest_and_last});
}

}  // namespace assay::tasks::max_of_four
