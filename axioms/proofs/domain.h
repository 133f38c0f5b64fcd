#pragma once
// What a statement is about, as data: a set of inputs, and what is true of each of them.
//
// A domain is a product: positions are cut into slots, and an input takes one alternative of every
// slot, independently of the others. So it can be far too large to be listed and still be treated
// exactly wherever what is asked is a sum over slots.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace assay::proofs {

struct Slot {
  std::vector<int64_t> positions;                  ///< ascending
  std::vector<std::vector<int64_t>> alternatives;  ///< tokens, one per position
};

struct Domain {
  std::string name;   ///< `sampled`
  std::string words;  ///< which inputs these are, for people
  int64_t length = 0, readout = 0;
  std::vector<Slot> slots = {};

  double inputs() const;  ///< how many; beyond 2^53 to the nearest double
  /// `1.05e16`, or all its digits where there are few.
  std::string inputs_in_words() const;
  /// The input that takes these alternatives: int64 [slots] of each -> int64 [batch, length].
  at::Tensor tokens_of(const at::Tensor& choices) const;
  /// The alternatives that make these inputs, int64 [batch, slots].
  /// @throws std::invalid_argument naming the first row that is not in the domain.
  at::Tensor choices_of(const at::Tensor& tokens) const;
  bool holds(const at::Tensor& tokens) const;  ///< int64 [length]
  /// Whether all inputs of the other domain are inputs of this one. Slots must be cut alike;
  /// otherwise the answer is no, whatever the inputs.
  bool includes(const Domain& other) const;
  /// Inputs first … first + count - 1 in the order of their choices, the last slot fastest.
  at::Tensor listed(int64_t first, int64_t count) const;
  /// Uniform draws; each depends on seed and index alone.
  at::Tensor drawn(uint64_t seed, int64_t first, int64_t count) const;
  size_t slot_at(int64_t position) const;
};

/// @throws std::invalid_argument saying what is wrong: slots that do not partition the positions,
///   alternatives of the wrong size, none or twice the same, tokens that do not exist.
void validate(const Domain& domain, int64_t n_tokens);

/// `some` is right iff the masks of the alternatives chosen have a bit in common.
struct Survivors {
  int width = 0;  ///< bits
  /// Of each slot one mask per alternative; none: the slot does not matter.
  std::vector<std::optional<std::vector<uint64_t>>> masks = {};
  int64_t some = 0, none = 0;  ///< answer tokens
};

/// The answer token is the sum of the chosen alternatives' values modulo `modulus`.
struct SumModulo {
  int64_t modulus = 0;
  std::vector<std::vector<int64_t>> values;  ///< of each slot, one per alternative
};

/// A finite automaton reads the input token by token; the state at its end tells the answer.
struct Automaton {
  int64_t start = 0;
  std::vector<std::vector<int64_t>> next = {};  ///< by state and token
  std::vector<int64_t> answers = {};            ///< of each state, the answer token
};

using Specification = std::variant<Survivors, SumModulo, Automaton>;

/// The right answer of each input, int64 [batch]. @throws as Domain::choices_of(), and
///   std::out_of_range for an automaton that is incomplete.
at::Tensor answers(const Specification& specification, const Domain& domain,
                   const at::Tensor& tokens);

nlohmann::ordered_json to_json(const Domain& domain);
/// Reads what to_json() wrote. @throws std::runtime_error "WHERE: field …".
Domain domain_from_json(const nlohmann::ordered_json& json, const std::string& where);

}  // namespace assay::proofs
