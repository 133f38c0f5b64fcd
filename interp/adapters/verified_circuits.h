#pragma once
// Networks as verified-circuits publishes them (github.com/brian-naughton/verified-circuits): a
// JSON object {"cfg", "note", "state_dict_hex"}, whose weights are hexadecimal floats, so that
// nothing is lost in decimal digits.
//
// `cfg` is {n, d, heads, ff, layers, causal, pool}. The network reads n tokens 0 or 1; blocks of
// causal attention without biases and of a ReLU MLP, without norms; the residual stream is summed
// (or averaged) over positions; a dense layer with ReLU and a linear one give two logits.

#include <nlohmann/json.hpp>

#include "interp/adapters/conversion.h"

namespace assay::interp {

/// @throws std::runtime_error naming the field or the tensor, what was expected and what was found:
///   a missing or unknown member, attention to later positions, a text that is no hexadecimal
///   float, a number that float32 does not hold, lists of another shape.
Weights from_verified_circuits(const nlohmann::ordered_json& file);

}  // namespace assay::interp
