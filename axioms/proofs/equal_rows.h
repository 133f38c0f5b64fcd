#pragma once
// Which rows of a validation are equal, or zero, because of what was proved: on every distribution
// of inputs of the domain, so that a bound on all rows need not count them apart.

#include <optional>
#include <string>
#include <vector>

#include "axioms/proofs/study.h"
#include "circuits/interpretation/interpretation.h"

namespace assay::proofs {

/// Rows (`evaluate.PR`) that fail on the same inputs.
struct EqualRows {
  std::vector<std::string> rows;
  bool never = false;                 ///< on none
  bool is_error = false;              ///< on those on which the network's answer is wrong
  std::optional<double> margin = {};  ///< by which they never fail
  std::string because = {};           ///< the statements that it follows from
};

/// What the nodes are, without their tensors: that is all it follows from.
struct RowsOf {
  const std::vector<circuits::Node>& nodes;
  std::string output;                   ///< the node whose value is the answer
  std::vector<std::string> order_free;  ///< as Knowledge::order_free
};

/// What follows from these statements, one entry per set of rows that is more than one row or that
/// never fails; no row is in two of them. Rows in no entry stand for themselves.
std::vector<EqualRows> equal_rows(const RowsOf& of, const std::vector<Statement>& statements);
std::vector<EqualRows> equal_rows(const Study& study, const std::vector<Statement>& statements);

/// `evaluate.PR = evaluate.CR = or.PE = or.PR = 1 - accuracy`, `parse.PE = parse.CE = 0`.
std::string to_string(const EqualRows& rows);

}  // namespace assay::proofs
