#pragma once
// Formulas as tokens: `( l r )` for each clause, then `:`; the answer is read at the `:`. A formula
// with fewer clauses than there is room for begins with `# # # #` for each that is missing, so that
// the `:` always stands last.
// For n variables: x_i = i, Not(x_i) = n+i, ( = 2n, ) = 2n+1, : = 2n+2, s = 2n+3, u = 2n+4, # =
// 2n+5.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sat2/formula.h"

namespace assay::tasks::two_sat {

struct Tokens {
  int64_t variables = 5;

  int64_t literal(const sat2::Literal& literal) const {
    return literal.variable + (literal.negated ? variables : 0);
  }
  int64_t n_literals() const { return 2 * variables; }
  int64_t open() const { return 2 * variables; }
  int64_t close() const { return 2 * variables + 1; }
  int64_t colon() const { return 2 * variables + 2; }
  int64_t sat() const { return 2 * variables + 3; }
  int64_t unsat() const { return 2 * variables + 4; }
  int64_t padding() const { return 2 * variables + 5; }
  int64_t d_vocab() const { return 2 * variables + 6; }

  /// `x3`, `Not(x3)`, `(`, … @throws std::invalid_argument out of range.
  std::string name(int64_t token) const;
  /// The literal of a token below n_literals().
  sat2::Literal literal_of(int64_t token) const;
};

inline int64_t n_ctx(int64_t clauses) {
  return 4 * clauses + 1;
}
inline int64_t left_literal(int64_t clause) {
  return 4 * clause + 1;
}  ///< its position
inline int64_t right_literal(int64_t clause) {
  return 4 * clause + 2;
}  ///< its position

/// Writes one formula's tokens, with room for `clauses` clauses, to row[0 … n_ctx(clauses)-1].
void write_tokens(const sat2::Formula& formula, int64_t clauses, int64_t* row);
/// Reads a row back. @param tokens  int64 [pos].
/// @throws std::invalid_argument naming the position that breaks the grammar.
sat2::Formula formula_of(const at::Tensor& tokens, int64_t variables);
sat2::Formula formula_of(const std::vector<int64_t>& tokens, int64_t variables);

}  // namespace assay::tasks::two_sat
