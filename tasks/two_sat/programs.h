#pragma once
// What an evaluating neuron computes, as a program over the truth table of the formula: a small
// decision tree whose questions are "does assignment a satisfy the formula?", or a disjunction of
// such questions. Programs are JSON, so that an interpretation can be read:
//   true | false | {"assignment": a, "yes": program, "no": program} | {"any_of": [a, b, …]}

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "circuits/interpretation/operations.h"

namespace assay::tasks::two_sat {

using Program = nlohmann::json;

/// The operation h of node `evaluate`: parameters {variables, programs}; its parent's value is the
/// clauses, pairs of literal tokens int64 [batch, clause, 2] (`# #` where there is none); its own
/// is bool [batch, neuron].
circuits::Function truth_table_programs(const circuits::Operation& operation);
/// Its parameter `programs`: the first three of them, and how many more there are.
std::string programs_in_words(const circuits::Operation& operation, const std::string& parameter);

/// One line of a table that sums up a data set: how many formulas have this truth table, and for
/// how many of them the neuron is on.
struct TableRow {
  uint64_t truth_table = 0;  ///< bit a: assignment a satisfies the formula
  int64_t count = 0;
  int64_t on = 0;
};

struct Fitted {
  Program program;
  int64_t errors = 0;  ///< inputs of the data set on which program and neuron differ
};

/// Decision tree by Gini impurity: best-first growth to `leaves` leaves, then sibling leaves of
/// equal value merged (as scikit-learn grows trees with max_leaf_nodes; ties go to the lower
/// assignment).
Fitted fit_tree(const std::vector<TableRow>& rows, int assignments, int64_t leaves);

/// "On iff any assignment of a set satisfies." Errors are minimised by adding, then dropping, one
/// assignment at a time while that helps.
Fitted fit_disjunction(const std::vector<TableRow>& rows, int assignments);

/// The disjunction of a given set, with its errors on the data.
Fitted disjunction_of(const std::vector<int>& set, const std::vector<TableRow>& rows);

/// Is the neuron on for a formula with this truth table?
bool value_of(const Program& program, uint64_t truth_table);

/// `if assignment 1 (x0=1 x1=0) satisfies the clauses: on, else (if any of the assignments 0 (x0=0
/// x1=0), 3 (x0=1 x1=1) satisfies the clauses: on, else off)`.
std::string in_words(const Program& program, int variables);

}  // namespace assay::tasks::two_sat
