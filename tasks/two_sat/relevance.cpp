#include "tasks/two_sat/relevance.h"

#include <torch/types.h>

#include <algorithm>

#include "sat2/masks.h"
#include "sat2/relevance.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using at::Tensor;

/// @param features  of each clause: 1, or its 2 literals.
Tensor members(sat2::ClauseSet set, size_t clauses, int64_t features) {
  Tensor relevant = at::zeros({static_cast<int64_t>(clauses)}, torch::kBool);
  for (size_t i = 0; i < clauses; ++i) relevant[static_cast<int64_t>(i)] = (set >> i & 1) != 0;
  return relevant.repeat_interleave(features);
}

Tensor as_tensor(const std::vector<bool>& values) {
  return torch::tensor(std::vector<uint8_t>(values.begin(), values.end()), torch::kUInt8)
      .to(torch::kBool);
}

std::vector<int64_t> row_of(const sat2::Formula& formula, int64_t clauses) {
  std::vector<int64_t> row(n_ctx(clauses));
  write_tokens(formula, clauses, row.data());
  return row;
}

/// Clauses that keep one literal of this one in place, and have another in place of the second.
std::vector<sat2::Clause> with_another_literal(const sat2::Clause& clause, bool left,
                                               int variables) {
  std::vector<sat2::Clause> found;
  for (const sat2::Clause& other : sat2::all_clauses(variables)) {
    const bool keeps = left ? other.right == clause.right : other.left == clause.left;
    if (keeps && other != clause) found.push_back(other);
  }
  return found;
}

}  // namespace

std::vector<Relevance> relevance(const std::string& kind, const sat2::Formula& formula) {
  if (kind != "clause" && kind != "literal") return {};
  const size_t n = formula.clauses.size();
  if (sat2::satisfiable_by_masks(formula))
    return {{.name = "pivotal",
             .relevant = as_tensor(kind == "clause" ? sat2::pivotal_clauses(formula)
                                                    : sat2::pivotal_literals(formula)),
             .help = "those of a satisfiable formula whose exchange alone can make it "
                     "unsatisfiable"}};
  sat2::ClauseSet some = 0, every = ~sat2::ClauseSet{0};
  for (const sat2::ClauseSet subset : sat2::minimal_unsatisfiable_subsets(formula)) {
    some |= subset;
    every &= subset;
  }
  const int64_t features = kind == "clause" ? 1 : 2;
  return {{.name = "some-mus",
           .relevant = members(some, n, features),
           .supports = true,
           .help = "those in at least one minimal unsatisfiable subset of the formula's clauses"},
          {.name = "every-mus",
           .relevant = members(every, n, features),
           .supports = true,
           .help = "those in every minimal unsatisfiable subset: no contradiction does without "
                   "them"}};
}

Tensor interventions(const std::string& kind, const sat2::Formula& formula, int64_t clauses,
                     int64_t feature) {
  std::vector<int64_t> rows;
  const auto add = [&](const std::vector<int64_t>& row) {
    rows.insert(rows.end(), row.begin(), row.end());
  };
  if (kind == "clause") {
    std::vector<int64_t> row = row_of(formula, clauses);
    const int64_t missing = clauses - static_cast<int64_t>(formula.clauses.size());
    std::fill_n(row.begin() + left_literal(missing + feature) - 1, 4,
                Tokens{formula.variables}.padding());
    add(row);
  } else if (kind == "literal") {
    sat2::Formula changed = formula;
    sat2::Clause& clause = changed.clauses.at(feature / 2);
    for (const sat2::Clause& other :
         with_another_literal(clause, feature % 2 == 0, formula.variables)) {
      clause = other;
      add(row_of(changed, clauses));
    }
  }
  return torch::tensor(rows, torch::kInt64).view({-1, n_ctx(clauses)});
}

}  // namespace assay::tasks::two_sat
