#pragma once
// The inputs of Dyck-1: all strings of n parentheses. Token 0 is `(`, token 1 is `)`; the answer is
// 1 if they are balanced (every prefix has at least as many `(` as `)`, and the whole has as many
// of both), else 0. Balanced strings are rare (42 of 1,024 for n = 10), so datasets draw half of
// their inputs from them.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tasks/task.h"

namespace assay::tasks::dyck {

inline constexpr int64_t kOpen = 0, kClose = 1, kUnbalanced = 0, kBalanced = 1, kTokens = 2;

struct StringSettings {
  int64_t length = 10;          ///< even, 4 to 20
  double train_fraction = 0.5;  ///< of the balanced strings, and of the others, in (0, 1]
  int64_t split_seed = 0;       ///< which strings these are
};
/// @throws std::invalid_argument naming the setting, what was expected and what was given.
void validate(const StringSettings& settings);

/// The depth after each token: how many `(` more than `)` there are so far. int64 [batch, pos].
at::Tensor depths(const at::Tensor& tokens);
/// kBalanced or kUnbalanced, int64 [batch].
at::Tensor answers(const at::Tensor& tokens);

/// All 2^n strings, numbered with the first token as the highest bit, and the part that each
/// belongs to. Balanced strings and others are divided alike: the first ⌊train_fraction · count⌋
/// (at least one) of an order that depends on the split seed are for training, half of the rest for
/// deriving, the others for testing. A part for which nothing is left has all of them.
class Strings {
 public:
  explicit Strings(const StringSettings& settings);  ///< @throws as validate()

  const StringSettings& settings() const { return settings_; }
  int64_t count() const { return int64_t{1} << settings_.length; }
  Domain domain() const;  ///< in the order of their numbers
  Part part_of(const at::Tensor& tokens) const;
  /// How many inputs of a dataset hold every string of its part.
  int64_t pass(Part part) const;
  /// The dataset (part, seed), see Task::sample(). Training and deriving inputs are balanced and
  /// unbalanced in turn, and go through both kinds in passes; test inputs are drawn independently,
  /// either kind with probability 1/2.
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count) const;

  at::Tensor tokens_of(const std::vector<int64_t>& numbers) const;  ///< int64 [numbers, pos]
  /// A balanced string that depends on the key alone: int64 [pos].
  at::Tensor some_balanced(uint64_t key) const;

 private:
  using Pool = std::vector<int64_t>;
  const Pool& pool(Part part, int64_t answer) const {
    return pools_[static_cast<size_t>(part)][answer];
  }

  StringSettings settings_;
  std::array<std::array<Pool, 2>, 3> pools_;  // of each part, by answer
  std::vector<Part> part_of_;                 // by number
};

}  // namespace assay::tasks::dyck
