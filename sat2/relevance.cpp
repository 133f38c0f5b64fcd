#include "sat2/relevance.h"

#include <fmt/format.h>

#include <stdexcept>

#include "sat2/changes.h"
#include "sat2/masks.h"

namespace assay::sat2 {
namespace {

/// Assignments that satisfy all clauses of a set, for every set of clauses.
std::vector<Mask> satisfying_by_set(const Formula& formula) {
  std::vector<Mask> satisfied = {all_assignments(formula.variables)};
  for (const Clause& clause : formula.clauses) {
    const Mask mask = satisfying(clause, formula.variables);
    const size_t before = satisfied.size();
    for (size_t set = 0; set < before; ++set) satisfied.push_back(satisfied[set] & mask);
  }
  return satisfied;
}

bool every_clause_is_needed(ClauseSet set, const std::vector<Mask>& satisfied) {
  for (ClauseSet rest = set; rest != 0; rest &= rest - 1)
    if (satisfied[set ^ (rest & -rest)] == 0) return false;
  return true;
}

}  // namespace

std::vector<ClauseSet> minimal_unsatisfiable_subsets(const Formula& formula) {
  validate(formula);
  if (formula.clauses.size() > kMaxListedClauses)
    throw std::invalid_argument(
        fmt::format("minimal unsatisfiable subsets are listed for at most {} clauses, got {}",
                    kMaxListedClauses, formula.clauses.size()));
  const std::vector<Mask> satisfied = satisfying_by_set(formula);
  std::vector<ClauseSet> subsets;
  for (ClauseSet set = 0; set < satisfied.size(); ++set)
    if (satisfied[set] == 0 && every_clause_is_needed(set, satisfied)) subsets.push_back(set);
  return subsets;
}

std::vector<bool> pivotal_clauses(const Formula& formula) {
  std::vector<bool> pivotal(formula.clauses.size());
  for (const Change change : {Change::Literal, Change::Clause})
    for (const Formula& changed : answer_changing(formula, change))
      for (size_t i = 0; i < pivotal.size(); ++i)
        if (changed.clauses[i] != formula.clauses[i]) pivotal[i] = true;
  return pivotal;
}

std::vector<bool> pivotal_literals(const Formula& formula) {
  std::vector<bool> pivotal(2 * formula.clauses.size());
  for (const Formula& changed : answer_changing(formula, Change::Literal)) {
    for (size_t i = 0; i < formula.clauses.size(); ++i) {
      if (changed.clauses[i].left != formula.clauses[i].left) pivotal[2 * i] = true;
      if (changed.clauses[i].right != formula.clauses[i].right) pivotal[2 * i + 1] = true;
    }
  }
  return pivotal;
}

}  // namespace assay::sat2
