#pragma once
// The abstract values of an interpretation's nodes on a batch of inputs: as the network has them,
// and as the graph computes them.

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "circuits/interpretation/program.h"

namespace assay::interp {
class Network;
}

namespace assay::circuits {

/// A_v, what α reads from one run of the network, of every step.
/// @param tokens  int64 [batch, pos].
std::vector<Value> network_values(const interp::Network& network, const Program& program,
                                  const at::Tensor& tokens);

/// H_v, computed by the graph from the tokens alone, of every step.
std::vector<Value> prefix_values(const Program& program, const at::Tensor& tokens);

/// h of one step, given the values of the steps before it.
Value step_value(const Step& step, const std::vector<Value>& values, const at::Tensor& tokens);

/// One input's value, without the batch axis: numbers, or lists of them.
nlohmann::json value_as_json(const Value& value);

}  // namespace assay::circuits
