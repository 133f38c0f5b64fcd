#pragma once
// What is proved: a network, what is said of it, and what is true. All that the engine needs to
// know of a task stands here, as data and functions, so it knows no task.

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "axioms/proofs/domain.h"
#include "axioms/proofs/statement.h"
#include "circuits/interpretation/program.h"

namespace assay::interp {
class Transformer;
}

namespace assay::proofs {

/// A domain and what is true on it.
struct Specified {
  Domain domain;
  Specification specification;
};

/// What a task may add to what its domains say. All of it may be empty.
struct Knowledge {
  /// Decides `h = specification` for interpretations whose form it knows, however large the domain.
  /// The witness of a refutation need not have been run yet. Empty: a form that it does not know.
  std::function<std::optional<Statement>(const circuits::Interpretation& interpretation,
                                         const Specified& specified)>
      decide_program = {};
  /// Where the interpretation ends in the largest of some real numbers: how far the right one is
  /// ahead of all others, float64 [batch]. Empty: it does not end so.
  std::function<std::optional<at::Tensor>(const circuits::Interpretation& interpretation,
                                          const at::Tensor& tokens, const at::Tensor& right)>
      program_margins = {};
  /// Inputs that are simpler than this one, int64 [pos], the simplest first: int64 [n, pos].
  std::function<at::Tensor(const at::Tensor& tokens)> simpler = {};
  /// h operations that do not look at the order along the last axis of their parent's value.
  std::vector<std::string> order_free = {};
  /// Whether the task has this input of the domain at all: int64 [pos]. Empty: it has them all.
  std::function<bool(const at::Tensor& tokens)> is_input = {};
};

struct Study {
  const interp::Transformer& network;
  const circuits::Interpretation& interpretation;
  const circuits::Program& program;
  const Specified& specified;
  const Knowledge& knowledge;
  std::vector<int64_t> answers;  ///< tokens among which the network decides, at domain.readout

  const Domain& domain() const { return specified.domain; }
  /// The right answer of each input, int64 [batch].
  at::Tensor right(const at::Tensor& tokens) const;
  /// The answer token that the interpretation's h computes, int64 [batch].
  /// @throws Untreated if its output is not read by `argmax_of`.
  at::Tensor program_answers(const at::Tensor& tokens) const;
  /// The network's: of the answers that with the largest logit, -1 where two share it.
  at::Tensor network_answers(const at::Tensor& tokens) const;
  bool is_input(const at::Tensor& tokens) const;
  /// The certificate's form of an input on which the interpretation or the network is wrong; runs
  /// both on it.
  nlohmann::ordered_json witness(const at::Tensor& tokens) const;
};

}  // namespace assay::proofs
