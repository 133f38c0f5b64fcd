#include "circuits/interpretation/composition.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

namespace assay::circuits {
namespace {

using Functions = interp::Registry<OperationEntry<Function>>;

constexpr const char* kChain = "chain";
constexpr const char* kWithoutSteps = "Compute what several steps compute, one after the other.";

std::vector<Operation> steps_of(const Operation& operation) {
  const auto list = parameter<std::vector<nlohmann::json>>(operation, "steps");
  std::vector<Operation> steps;
  for (size_t i = 0; i < list.size(); ++i) {
    const Operation entry{.name = fmt::format("{}, step {}", operation.name, i + 1),
                          .parameters = list[i],
                          .tensors = {}};
    Operation step{.name = parameter<std::string>(entry, "operation"),
                   .parameters = parameter<nlohmann::json>(entry, "parameters"),
                   .tensors = {}};
    const std::string prefix = fmt::format("{}.", i);
    for (const auto& [key, tensor] : operation.tensors)
      if (key.starts_with(prefix)) step.tensors[key.substr(prefix.size())] = tensor;
    steps.push_back(std::move(step));
  }
  return steps;
}

Operation merged(const std::string& name, const std::vector<Operation>& functions) {
  std::vector<Operation> steps;  // a chain among them is taken apart
  for (const Operation& function : functions) {
    const bool nested = function.name == kChain;
    const std::vector<Operation> parts = nested ? steps_of(function) : std::vector{function};
    steps.insert(steps.end(), parts.begin(), parts.end());
  }
  Operation operation{.name = name, .tensors = {}};
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < steps.size(); ++i) {
    list.push_back({{"operation", steps[i].name}, {"parameters", steps[i].parameters}});
    for (const auto& [key, tensor] : steps[i].tensors)
      operation.tensors[fmt::format("{}.{}", i, key)] = tensor;
  }
  operation.parameters["steps"] = list;
  return operation;
}

Function run_in_turn(const Functions& known, const Operation& operation) {
  std::vector<Function> functions;
  for (const Operation& step : steps_of(operation)) functions.push_back(make(known, step));
  return [functions](const std::vector<Value>& parents) {
    Value value = parents.at(0);
    for (const Function& function : functions) value = function({value});
    return value;
  };
}

Concretisation by_answer(const Functions& known, const Operation& operation) {
  const Function answer_of = run_in_turn(known, operation);
  std::vector<at::Tensor> written;
  for (int64_t site = 0; site < parameter<int64_t>(operation, "sites"); ++site)
    written.push_back(tensor_of(operation, fmt::format("site{}", site), {-1, -1, -1}));
  return [=](const Value& value) {
    const at::Tensor answer = answer_of({value});
    Activations activations;
    for (const at::Tensor& states : written)
      activations.push_back(states.to(value.device()).index_select(0, answer));
    return activations;
  };
}

const Node* find(const Interpretation& interpretation, const std::string& name) {
  const auto found = std::ranges::find(interpretation.nodes, name, &Node::name);
  return found == interpretation.nodes.end() ? nullptr : &*found;
}

}  // namespace

Operation chain(const std::vector<Operation>& steps) {
  return steps.size() == 1 ? steps.front() : merged(kChain, steps);
}

Operation write_by_answer(const std::vector<Operation>& steps,
                          const std::vector<at::Tensor>& written) {
  Operation operation = merged("write_by_answer", steps);
  operation.parameters["sites"] = written.size();
  for (size_t site = 0; site < written.size(); ++site)
    operation.tensors[fmt::format("site{}", site)] = written[site];
  return operation;
}

std::vector<Operation> functions_after(const Interpretation& interpretation,
                                       const std::string& node) {
  std::vector<Operation> functions;
  for (std::string name = interpretation.output; name != node;) {
    const Node* next = find(interpretation, name);
    if (!next || next->parents.size() != 1)
      throw std::invalid_argument(
          fmt::format("the nodes from {} to {} are no chain", node, interpretation.output));
    functions.push_back(next->h);
    name = next->parents.front();
  }
  std::ranges::reverse(functions);
  return functions;
}

void add_compositions(Operations& operations) {
  const Functions known = operations.functions;
  operations.functions.add(
      {.name = kChain,
       .help = "functions one after the other",
       .make = [known](const Operation& operation) { return run_in_turn(known, operation); },
       .sentence =
           [known](const Operation& operation) {
             if (!operation.parameters.contains("steps")) return std::string(kWithoutSteps);
             std::string text;
             for (const Operation& step : steps_of(operation))
               text += (text.empty() ? "" : " Then: ") + sentence_of(known, step);
             return text;
           }});
  operations.concretisations.add(
      {"write_by_answer", "a state for each answer, whatever else the value says",
       [known](const Operation& operation) { return by_answer(known, operation); }});
}

}  // namespace assay::circuits
