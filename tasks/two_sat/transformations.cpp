#include "tasks/two_sat/transformations.h"

#include <torch/types.h>

#include <utility>

#include "interp/statistics/random.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using sat2::Clause;
using sat2::Formula;
using statistics::Engine;
using Change = void (*)(Formula& formula, Engine& engine);

void swap_literals(Formula& formula, Engine&) {
  for (Clause& clause : formula.clauses) std::swap(clause.left, clause.right);
}

void swap_some(Formula& formula, Engine& engine) {
  for (Clause& clause : formula.clauses)
    if (statistics::draw_below(engine, 2) == 1) std::swap(clause.left, clause.right);
}

void permute_clauses(Formula& formula, Engine& engine) {
  const auto n = static_cast<int64_t>(formula.clauses.size());
  formula.clauses = statistics::draw_from(engine, formula.clauses, n);
}

void rename_variables(Formula& formula, Engine& engine) {
  const std::vector<int64_t> names = statistics::permutation(engine, formula.variables);
  for (Clause& clause : formula.clauses) {
    for (sat2::Literal* literal : {&clause.left, &clause.right})
      literal->variable = static_cast<int>(names[literal->variable]);
    if (clause.left.variable > clause.right.variable) std::swap(clause.left, clause.right);
  }
}

void flip_sign(Formula& formula, Engine& engine) {
  const int64_t variable = statistics::draw_below(engine, formula.variables);
  for (Clause& clause : formula.clauses)
    for (sat2::Literal* literal : {&clause.left, &clause.right})
      literal->negated ^= literal->variable == variable;
}

// Each formula has an engine of its own, which depends on the seed and its place in the stream.
at::Tensor changed(const at::Tensor& tokens, int64_t variables, uint64_t seed, int64_t first,
                   Change change) {
  at::Tensor result = tokens.to(torch::kCPU).clone(at::MemoryFormat::Contiguous);
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    Formula formula = formula_of(tokens[row], variables);
    const auto index = static_cast<uint64_t>(first + row);
    Engine engine = statistics::engine_at({seed, seed >> 32, index, index >> 32});
    change(formula, engine);
    write_tokens(formula, result.size(1) / 4, result.data_ptr<int64_t>() + row * result.size(1));
  }
  return result;
}

}  // namespace

std::vector<Transformation> transformations(int64_t variables) {
  const auto with = [variables](Change change) {
    return [=](const at::Tensor& tokens, uint64_t seed, int64_t first) {
      return changed(tokens, variables, seed, first, change);
    };
  };
  return {{"swap-literals", "the two literals of every clause change places", with(swap_literals)},
          {"swap-some", "the two literals of a clause change places or not, by a coin for each",
           with(swap_some)},
          {"permute-clauses", "clauses in random order", with(permute_clauses)},
          {"rename-variables", "variables renamed, the lower-numbered first in each clause again",
           with(rename_variables)},
          {"flip-sign", "one variable negated throughout", with(flip_sign)}};
}

}  // namespace assay::tasks::two_sat
