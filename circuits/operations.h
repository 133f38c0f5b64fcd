#pragma once
// The operations that interpretations are made of. An interpretation file names them; this registry
// turns names into functions. A new operation is one function, added under a name.

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "circuits/interpretation.h"

namespace assay::circuits {

using Value = at::Tensor;
using Activations = std::vector<at::Tensor>;  ///< one tensor per site, shaped as interp::shape()

using Function = std::function<Value(const std::vector<Value>& parents)>;  ///< h
using Abstraction = std::function<Value(const Activations& activations)>;  ///< α
using Concretisation = std::function<Activations(const Value& value)>;     ///< γ
using Equality =
    std::function<at::Tensor(const Value& left, const Value& right)>;  ///< bool [batch]

/// Makes a function from an operation's numbers. It checks them here, once, and
/// @throws std::invalid_argument saying what is missing or has the wrong shape.
template <typename F>
using Factory = std::function<F(const Operation& operation)>;

struct Operations {
  std::map<std::string, Factory<Function>> functions;
  std::map<std::string, Factory<Abstraction>> abstractions;
  std::map<std::string, Factory<Concretisation>> concretisations;
  std::map<std::string, Factory<Equality>> equalities;
};

/// The operations that know no task:
///   h            tokens_at {positions: [[…], …]}           tokens -> int64 [batch, n, k]
///                any                                       bool [batch, n] -> int64 [batch]
///   α            nearest_prototype (prototypes [n, d_model], labels int64 [n, k])
///                                                          [batch, pos, d_model] -> int64 [batch,
///                                                          pos, k]
///                threshold (thresholds [n])                [batch, 1, n] -> bool [batch, n]
///                argmax_of {tokens: […]}                   [batch, 1, vocab] -> int64 [batch]
///   γ            write_prototypes {positions} (prototypes, labels, mean [pos, d_model])
///                write_levels {neurons} (on [n], mean [d_mlp], stream [d_model])
///                             bool [batch, n] -> [batch, 1, d_model], [batch, 1, d_mlp]
///                write_answer {tokens, d_vocab}            int64 [batch] -> [batch, 1, vocab]
///   equality     equal; equal_up_to_order (of the last axis)
Operations generic_operations();

/// A tensor of an operation. @throws std::invalid_argument naming it, if it is missing or not of
/// the shape expected (-1: any size).
at::Tensor tensor_of(const Operation& operation, const std::string& name,
                     const std::vector<int64_t>& shape);

}  // namespace assay::circuits
