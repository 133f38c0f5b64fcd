#pragma once
// What statements are about: a set of inputs, and the answer that each of them should get.

#include "interpretation.h"

namespace checker {

struct Slot {
  std::vector<int64_t> positions;                  ///< ascending
  std::vector<std::vector<int64_t>> alternatives;  ///< tokens at these positions
};

/// All inputs that choose one alternative per slot, independently. Slots partition the positions.
class Domain {
 public:
  /// @throws BadInput unless slots partition the positions and alternatives are different.
  Domain(const Json& json, int64_t d_vocab, int64_t n_ctx);

  std::string name;
  int64_t length = 0;
  std::vector<Slot> slots;

  double size() const;           ///< rounded up
  std::string in_words() const;  ///< from the slots, not from what a certificate calls them
  size_t slot_of(int64_t position) const;
  std::vector<size_t> choice_of(const std::vector<int64_t>& tokens)
      const;  ///< @throws Rejected if it is no input of the domain
  std::vector<int64_t> tokens_of(const std::vector<size_t>& choice) const;
  /// Goes to the next choice; false after the last.
  bool next(std::vector<size_t>& choice) const;

  /// Rebuilds the domain of this name from the task's settings and compares.
  /// @return whether the name is known. @throws Rejected if it is another one.
  bool require_as_named(const Json& task) const;
};

/// The right answer to every input.
class Specification {
 public:
  /// Computes it from the task's tokens and compares with what the certificate says.
  /// @throws Rejected if that differs, CannotCheck for tasks that this program does not know.
  Specification(const Json& json, const Json& task, const Domain& domain);

  bool of_clauses() const { return modulus_ == 0; }
  int64_t answer(const std::vector<size_t>& choice) const;
  int64_t some() const { return some_; }
  int64_t none() const { return none_; }
  int64_t variables() const { return variables_; }
  /// Per clause of the task: the positions of its two literals.
  const std::vector<std::vector<int64_t>>& literals() const { return literals_; }

 private:
  void of_two_sat(const Json& json, const Json& settings, const Domain& domain);
  void of_modular_addition(const Json& json, const Json& settings, const Domain& domain);

  int64_t some_ = 0, none_ = 0, variables_ = 0, modulus_ = 0;
  std::vector<std::vector<int64_t>> literals_;
  std::vector<std::vector<uint64_t>> masks_;  // per slot and alternative; empty: it does not matter
  std::vector<std::vector<int64_t>> values_;
};

}  // namespace checker
