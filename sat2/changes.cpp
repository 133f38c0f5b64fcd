#include "sat2/changes.h"

#include "sat2/masks.h"

namespace assay::sat2 {

std::vector<Formula> answer_changing(const Formula& formula, Change change) {
  validate(formula);
  const std::vector<Clause> clauses = all_clauses(formula.variables);
  const bool answer = satisfiable_by_masks(formula);
  std::vector<Formula> changed;
  for (size_t i = 0; i < formula.clauses.size(); ++i) {
    Mask others = all_assignments(formula.variables);
    for (size_t j = 0; j < formula.clauses.size(); ++j)
      if (j != i) others &= satisfying(formula.clauses[j], formula.variables);
    for (const Clause& clause : clauses) {
      const bool left = clause.left == formula.clauses[i].left;
      const bool right = clause.right == formula.clauses[i].right;
      if ((left && right) || (left || right) != (change == Change::Literal)) continue;
      if (((others & satisfying(clause, formula.variables)) != 0) == answer) continue;
      changed.push_back(formula);
      changed.back().clauses[i] = clause;
    }
  }
  return changed;
}

}  // namespace assay::sat2
