#pragma once
// The inputs of induction: a list of symbols without repetition, then some symbols of the list. The
// last one is the query, and the symbol behind it in the list is the answer.
//   bos 7 31 4 0 22 18 35 2 9 11 sep 2 7 0 31 22      the answer is 18
//
// Two distributions. In `repeated` rows the list is simply begun again, w sep w: then the answer
// always stands at the same place, and a network may copy from that place without looking at the
// query. In `shuffled` rows the query is any symbol of the list but the last, and in front of it
// stand others in any order, without the answer.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "tasks/task.h"

namespace assay::tasks::induction {

inline constexpr int64_t kLength = 10;  ///< symbols of the list, at positions 1 to 10
inline constexpr int64_t kAgain = 5;    ///< symbols behind the separator; the last is the query
inline constexpr int64_t kRow = kLength + kAgain + 2;
inline constexpr int64_t kFixed = kAgain + 1;  ///< where the answer of `repeated` rows stands

enum class Order { Shuffled, Repeated };

/// The rows of one alphabet in one order. Tokens are laid out as those of arXiv 2602.08857: the
/// symbols from 0 on, then bos, sep, and two that no row has, eos and pad.
struct Rows {
  int64_t symbols = 40;
  Order order = Order::Shuffled;

  int64_t begin() const { return symbols; }
  int64_t separator() const { return symbols + 1; }
  int64_t tokens() const { return symbols + 4; }

  bool holds(const at::Tensor& row) const;  ///< is this one of them? int64 [pos]
  /// The dataset (part, seed), see Task::sample(): independent draws, each row of the part as
  /// likely as any other.
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count) const;
  /// Of each row another one, with a symbol that it does not have in place of the answer.
  at::Tensor with_other_answers(const at::Tensor& rows, uint64_t seed, int64_t first) const;
};

/// int64 [batch, kRow] -> the symbol behind the query in the list, int64 [batch]. Of rows whose
/// list does not have the query it is the second symbol.
at::Tensor answers(const at::Tensor& tokens);
/// Where the query stands in the list, from 0: int64 [batch]; 0 where it does not.
at::Tensor places(const at::Tensor& tokens);
/// By a hash of the row: three quarters are for training, an eighth for deriving, an eighth for
/// testing.
Part part_of(const at::Tensor& tokens);

/// The row with its list in another order: the symbols behind the separator, the answer, the
/// others. So it is a repeated row, and has the same answer.
at::Tensor repeated(const at::Tensor& tokens);
/// The row with its list in random order, but for query and answer, which stay neighbours, and with
/// what stands before the query in random order.
at::Tensor reordered(const at::Tensor& tokens, uint64_t seed, int64_t first);

}  // namespace assay::tasks::induction
