#include "tasks/max_of_four/operations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <functional>
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

namespace {

std::function<std::string(const circuits::Operation&)> said(const char* sentence) {
  return [sentence](const circuits::Operation&) { return std::string(sentence); };
}

/// "the first 3 numbers", where these are the positions; parameters may be anything.
std::string numbers_in_words(const circuits::Operation& operation) {
  const auto positions = operation.parameters.find("positions");
  if (positions == operation.parameters.end() || !positions->is_array()) return "some numbers";
  for (size_t i = 0; i < positions->size(); ++i)
    if (positions->at(i) != i) return fmt::format("{} of the numbers", positions->size());
  return fmt::format("the first {} numbers", positions->size());
}

}  // namespace

void add_operations(circuits::Operations& operations) {
  operations.functions.add({.name = "where_largest",
                            .help = "which positions hold the largest",
                            .make = where_largest,
                            .sentence = said("Find the positions that hold the largest number.")});
  operations.functions.add({.name = "number_where",
                            .help = "the number at a position",
                            .make = number_where,
                            .sentence = said("Take the number at the position found.")});
  operations.functions.add({.name = "largest",
                            .help = "the largest of some numbers",
                            .make = largest,
                            .sentence = [](const circuits::Operation& operation) {
                              return fmt::format("Take the largest of {}.",
                                                 numbers_in_words(operation));
                            }});
  operations.functions.add({.name = "same_number",
                            .help = "the number as it is",
                            .make = same_number,
                            .sentence = said("Answer with that number.")});
  operations.abstractions.add(
      {.name = "attended",
       .help = "which positions get about as much attention as any",
       .make = attended,
       .sentence = said("the positions that get about as much attention as any")});
  operations.concretisations.add(
      {"attend_evenly", "even attention to some positions", attend_evenly});
}

}  // namespace assay::tasks::max_of_four
