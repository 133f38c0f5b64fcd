#pragma once
// The operations that interpretations are made of. An interpretation file names them; registries
// turn names into functions. A new operation is one function, added under a name.

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "circuits/interpretation/interpretation.h"
#include "interp/files/json_shape.h"
#include "interp/registry.h"

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

template <typename F>
struct OperationEntry {
  std::string name;
  std::string help;
  Factory<F> make;
  /// One of the operation's parameters in words, for people. @throws std::invalid_argument for bad
  /// ones. Empty, or an empty text: the parameter speaks for itself.
  std::function<std::string(const Operation& operation, const std::string& parameter)> in_words =
      {};
  /// What it does, for people who know no operation by its name: of h a whole sentence, of α how a
  /// value is read (`the nearest of 100 prototypes`), of an equality what completes "equal if". It
  /// must do with parameters of any kind, and without tensors. Empty: `help`.
  std::function<std::string(const Operation& operation)> sentence = {};
};

/// The sentence of an operation; of one that is not known, or has none, what is closest to it.
template <typename F>
std::string sentence_of(const interp::Registry<OperationEntry<F>>& known,
                        const Operation& operation) {
  if (!known.contains(operation.name)) return operation.name;
  const OperationEntry<F>& entry = known.at(operation.name);
  return entry.sentence ? entry.sentence(operation) : entry.help;
}
/// How many elements a parameter has that is a list, in front of what they are: `48 neurons`; only
/// what they are where it is none.
std::string counted(const Operation& operation, const std::string& parameter,
                    const std::string& things);

struct Operations {
  interp::Registry<OperationEntry<Function>> functions{"h operation", {}};
  interp::Registry<OperationEntry<Abstraction>> abstractions{"alpha operation", {}};
  interp::Registry<OperationEntry<Concretisation>> concretisations{"gamma operation", {}};
  interp::Registry<OperationEntry<Equality>> equalities{"equality operation", {}};
};

/// The operations that know no task:
///   h            tokens_at {positions: [[…], …]}           tokens -> int64 [batch, n, k]
///                any                                       bool [batch, n] -> int64 [batch]
///   α            nearest_prototype (prototypes [n, d_model], labels int64 [n, k])
///                                                          [batch, pos, d_model] -> int64 [batch,
///                                                          pos, k]
///                threshold (thresholds [n])                [batch, 1, n] -> bool [batch, n]
///                linear {decimals?} (weight [n, k], bias [k])
///                                                          [batch, pos, n] -> float64 [batch, pos,
///                                                          k], without the axis of a single pos
///                argmax_of {tokens: […]}                   [batch, 1, vocab] -> int64 [batch]
///   γ            write_prototypes {positions} (prototypes, labels, mean [pos, d_model])
///                write_levels {neurons} (on [n], mean [d_mlp], stream [d_model])
///                             bool [batch, n] -> [batch, 1, d_model], [batch, 1, d_mlp]
///                write_linear (weight [k, n], bias [n], constant [pos, d_model])
///                             [batch, pos, k] or [batch, k] -> [batch, pos or 1, n], constant
///                write_answer {tokens, d_vocab}            int64 [batch] -> [batch, 1, vocab]
///   equality     equal; equal_up_to_order (of the last axis); equal_rounded {decimals};
///                downstream: two values are equal if the network, with either written in its
///                place, decides alike, and the rest of the interpretation does so too. It needs
///                both, so it stands here as an empty function, and the checker does the work.
/// And those of value_operations.h, for values that are found by looking for them.
Operations generic_operations();

/// @throws std::invalid_argument naming the tensor that holds NaN or an infinite number, if any.
void require_finite(const Operation& operation);

/// Makes an operation's function.
/// @throws std::invalid_argument for an operation that does not exist (listing those that do), and
///   for bad numbers: NaN and infinite ones among them.
template <typename F>
F make(const interp::Registry<OperationEntry<F>>& known, const Operation& operation) {
  const OperationEntry<F>& entry = known.at(operation.name);
  require_finite(operation);
  return entry.make(operation);
}

/// x rounded to a number of decimals, in float64: equal numbers stay equal, bit for bit.
at::Tensor rounded(const at::Tensor& x, int64_t decimals);
/// The parameter `decimals`, 0 to 9, if the operation has it. @throws std::invalid_argument if it
/// is something else.
std::optional<int64_t> decimals_of(const Operation& operation);

void require_parameter(const Operation& operation, const std::string& name,
                       const interp::Shape& shape);
/// A parameter of an operation. @throws std::invalid_argument naming it, if it is missing or
/// ill-typed. Nothing is converted: 2.5 is no whole number, and neither is `true`.
template <typename T>
T parameter(const Operation& operation, const std::string& name) {
  require_parameter(operation, name, interp::json_shapes::of<T>());
  return operation.parameters.at(name).get<T>();
}
/// A tensor of an operation. @throws std::invalid_argument naming it, if it is missing or not of
/// the shape expected (-1: any size).
at::Tensor tensor_of(const Operation& operation, const std::string& name,
                     const std::vector<int64_t>& shape);

}  // namespace assay::circuits
