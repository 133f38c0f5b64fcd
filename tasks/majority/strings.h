#pragma once
// The inputs of binary majority: strings of zeros and ones, of any length up to a longest one, with
// more of one symbol than of the other. Token 0 is `0`, token 1 is `1`; the answer is the token of
// the symbol that occurs more often. Networks read rows of one length:
//   _ _ _ 1 0 1 1 0 1 =      blanks in front, the string, and the position of the answer

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tasks/task.h"

namespace assay::tasks::majority {

inline constexpr int64_t kZero = 0, kOne = 1, kBlank = 2, kEquals = 3, kTokens = 4;
inline constexpr int64_t kShortest = 6, kLongest = 16;  ///< that a longest length may be

/// How many ones more than zeros there are: int64 [batch].
at::Tensor differences(const at::Tensor& tokens);
/// kOne where there are more ones than zeros, else kZero: int64 [batch].
at::Tensor answers(const at::Tensor& tokens);

/// All strings of 1 to `longest` symbols without a tie, shorter ones first. A string and the one
/// with all symbols exchanged belong to the same part, so every part has as many of either answer.
/// By a hash of the pair, half of the pairs are for training, a quarter for deriving and a quarter
/// for testing.
class Strings {
 public:
  /// @throws std::invalid_argument for a longest length that is not kShortest to kLongest.
  explicit Strings(int64_t longest);

  int64_t longest() const { return longest_; }
  int64_t n_ctx() const { return longest_ + 1; }
  Domain domain() const;
  /// One domain, `all`: every string of domain(), and an automaton that counts.
  Specification specification() const;
  /// Whether a row is laid out as above, and has no tie: int64 [pos].
  bool holds(const at::Tensor& tokens) const;
  Part part_of(const at::Tensor& tokens) const;  ///< of a row that holds()
  /// The dataset (part, seed), see Task::sample(): independent draws of the part's strings, each as
  /// likely as any other. So most are long.
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count) const;

  std::string to_text(const at::Tensor& tokens) const;
  /// @throws std::invalid_argument for other characters, a tie, no symbol or too many.
  at::Tensor to_tokens(const std::string& text) const;

 private:
  /// A string as a number: a leading one, and its symbols as binary digits.
  using Number = uint32_t;
  at::Tensor rows_of(const std::vector<Number>& numbers) const;  ///< int64 [numbers, pos]
  std::vector<Number> all() const;

  int64_t longest_;
  std::array<std::vector<Number>, 3> pools_;  // the strings of each part
};

/// The symbols of each row in another order: row i in the order that `order_of(i, length)` gives,
/// a permutation of 0 … length-1. Blanks stay in front.
at::Tensor reordered(
    const at::Tensor& tokens,
    const std::function<std::vector<int64_t>(int64_t row, int64_t length)>& order_of);

}  // namespace assay::tasks::majority
