#pragma once
// What matters in a formula: known from logic, and asked of an interpretation by changing one part.

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "sat2/formula.h"
#include "tasks/task.h"

namespace assay::tasks::two_sat {

/// Of clauses and literals (a literal is relevant if its clause is, where clauses are named):
///   `some-mus`   unsatisfiable: clauses in some minimal unsatisfiable subset; the others could go
///   `every-mus`  unsatisfiable: clauses in all of them; without any of these it is satisfiable
///   `pivotal`    satisfiable: clauses (literals) whose change alone can make it unsatisfiable
/// Nothing is known of single tokens.
std::vector<Relevance> relevance(const std::string& kind, const sat2::Formula& formula);

/// A clause: the formula without it, `# # # #` in its place. A literal: every other literal that
/// may stand there. int64 [n, n_ctx(clauses)].
at::Tensor interventions(const std::string& kind, const sat2::Formula& formula, int64_t clauses,
                         int64_t feature);

}  // namespace assay::tasks::two_sat
