#include "circuits/interpretation/abstract_values.h"

#include <torch/types.h>

#include "interp/network/network.h"

namespace assay::circuits {

using at::Tensor;

std::vector<Value> network_values(const interp::Network& network, const Program& program,
                                  const Tensor& tokens) {
  interp::TraceRequest request;
  for (const Step& step : program.steps)
    request.record.insert(request.record.end(), step.reads.begin(), step.reads.end());
  const std::vector<Tensor> recorded = network.trace(tokens, request);
  std::vector<Value> values;
  auto next = recorded.begin();
  for (const Step& step : program.steps) {
    const auto end = next + static_cast<std::ptrdiff_t>(step.reads.size());
    values.push_back(step.alpha({next, end}));
    next = end;
  }
  return values;
}

Value step_value(const Step& step, const std::vector<Value>& values, const Tensor& tokens) {
  std::vector<Value> parents;
  for (const int parent : step.parents) parents.push_back(parent < 0 ? tokens : values[parent]);
  return step.h(parents);
}

std::vector<Value> prefix_values(const Program& program, const Tensor& tokens) {
  std::vector<Value> values;
  for (const Step& step : program.steps) values.push_back(step_value(step, values, tokens));
  return values;
}

nlohmann::json value_as_json(const Value& value) {
  if (value.dim() == 0)
    return value.is_floating_point() ? nlohmann::json(value.item<double>())
                                     : nlohmann::json(value.item<int64_t>());
  nlohmann::json list = nlohmann::json::array();
  for (int64_t i = 0; i < value.size(0); ++i) list.push_back(value_as_json(value[i]));
  return list;
}

}  // namespace assay::circuits
