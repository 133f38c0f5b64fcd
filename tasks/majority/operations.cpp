#include "tasks/majority/operations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
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

namespace {

/// Parameters may be anything here: a page is made of any record.
std::string count_sentence(const circuits::Operation& operation) {
  const auto weights = operation.parameters.find("weights");
  const bool subtracts = weights != operation.parameters.end() && weights->is_array() &&
                         std::ranges::any_of(*weights, [](const nlohmann::json& weight) {
                           return weight.is_number() && weight.get<double>() < 0;
                         });
  return subtracts ? "Count the ones and subtract the zeros." : "Count the ones.";
}

std::string above_sentence(const circuits::Operation& operation) {
  const auto threshold = operation.parameters.find("threshold");
  if (threshold == operation.parameters.end() || !threshold->is_number())
    return "Answer by whether the number is above a threshold.";
  return fmt::format("Answer 1 if the number is above {:g}.", threshold->get<double>());
}

}  // namespace

void add_operations(circuits::Operations& operations) {
  operations.functions.add({.name = "count_tokens",
                            .help = "the sum of a weight per token",
                            .make = count_tokens,
                            .sentence = count_sentence});
  operations.functions.add({.name = "above",
                            .help = "whether each number is above a threshold",
                            .make = above,
                            .sentence = above_sentence});
}

}  // namespace assay::tasks::majority
