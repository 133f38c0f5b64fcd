#pragma once
// What is put to the test: a network, what is said of it, and the decision that both are about.
//
// The decision belongs to the task. An interpretation comes from a file that nobody has to trust,
// so it must not be able to say what counts as the network's answer: replaced runs are compared by
// the task's answers at the task's readout, whatever the output node's alpha reads.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "circuits/interpretation/operations.h"
#include "circuits/interpretation/program.h"
#include "interp/network/site.h"

namespace assay::interp {
class Network;
}

namespace assay::axioms {

/// The token with the highest logit among `answers`, at position `readout`.
struct Decision {
  int64_t readout = 0;
  std::vector<int64_t> answers = {};

  interp::Site site(const interp::Network& network) const;  ///< the logits that it is read from
};

inline constexpr int64_t kTie = -1;  ///< the decision where two answers share the highest logit

/// Indices into `answers`, or kTie: int64 [batch].
/// @param logits  as recorded at decision.site(network): [batch, 1, vocab].
/// @throws std::runtime_error if a logit of an answer is NaN or infinite: there is no decision
/// then.
at::Tensor decide(const Decision& decision, const at::Tensor& logits);

struct Experiment {
  const interp::Network& network;
  const circuits::Program& program;
  Decision decision;
};

/// @throws std::invalid_argument for a decision that the network cannot make (readout or answers
/// out
///   of range, fewer than two answers), and for an output node whose alpha reads anything but the
///   logits of the decision.
void require_consistent(const Experiment& experiment);

/// One batch of inputs, as the network has it and as the interpretation computes it.
struct Observation {
  at::Tensor tokens;                       ///< int64 [batch, pos]
  std::vector<circuits::Value> actual;     ///< A_v
  std::vector<circuits::Value> prefix;     ///< H_v
  std::vector<circuits::Value> component;  ///< C_v
  at::Tensor decision;                     ///< of the network as it is, int64 [batch]
};
Observation observe(const Experiment& experiment, const at::Tensor& tokens);

/// The network's decisions with the sites of step v overwritten by γ(value).
/// @throws std::invalid_argument naming the node, if γ does not write one tensor per site.
at::Tensor replaced_decision(const Experiment& experiment, size_t v, const at::Tensor& tokens,
                             const circuits::Value& value);

/// What the graph concludes at its output if step v has this value and everything that does not
/// depend on it is as in `values`.
circuits::Value conclusion(const circuits::Program& program, size_t v,
                           const std::vector<circuits::Value>& values, const at::Tensor& tokens,
                           const circuits::Value& value);

/// Rows in which two values differ in any element: bool [batch].
at::Tensor differ(const circuits::Value& left, const circuits::Value& right);

/// What a value of one step leads to: the network's decisions with γ(value) written, and the
/// graph's conclusions. Downstream equality compares values by nothing else.
struct Effect {
  at::Tensor decision;         ///< int64 [batch]
  circuits::Value conclusion;  ///< of the output node
};
Effect effect_of(const Experiment& experiment, size_t v, const Observation& observation,
                 const circuits::Value& value);
at::Tensor differ(const Effect& left, const Effect& right);

/// Rows in which the equality of step v calls two of its values different: bool [batch].
at::Tensor unequal(const Experiment& experiment, size_t v, const Observation& observation,
                   const circuits::Value& left, const circuits::Value& right);

}  // namespace assay::axioms
