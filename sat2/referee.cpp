#include "sat2/referee.h"

#include <z3++.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace assay::sat2 {
namespace {

z3::expr_vector boolean_variables(z3::context& context, int count) {
  z3::expr_vector variables(context);
  for (int i = 0; i < count; ++i) {
    variables.push_back(context.bool_const(("x" + std::to_string(i)).c_str()));
  }
  return variables;
}

z3::expr to_z3(const Literal& literal, const z3::expr_vector& variables) {
  const z3::expr variable = variables[literal.variable];
  return literal.negated ? !variable : variable;
}

z3::expr to_z3(const Clause& clause, const z3::expr_vector& variables) {
  return to_z3(clause.left, variables) || to_z3(clause.right, variables);
}

bool is_satisfiable(z3::check_result result, const z3::solver& solver) {
  if (result == z3::unknown) {
    throw std::runtime_error("Z3 answers unknown: " + solver.reason_unknown());
  }
  return result == z3::sat;
}

/// One solver that holds every clause behind a switch of its own, so that it can be asked for any
/// subset of the clauses without being built anew.
class SwitchedClauses {
 public:
  explicit SwitchedClauses(const Formula& formula)
      : solver_(context_),
        variables_(boolean_variables(context_, formula.variables)),
        switches_(context_) {
    for (const Clause& clause : formula.clauses) {
      const z3::symbol name = context_.int_symbol(static_cast<int>(switches_.size()));
      switches_.push_back(context_.constant(name, context_.bool_sort()));
      solver_.add(z3::implies(switches_.back(), to_z3(clause, variables_)));
    }
  }

  bool satisfiable(const std::vector<int>& clauses) {
    z3::expr_vector assumptions(context_);
    for (const int i : clauses) assumptions.push_back(switches_[i]);
    return is_satisfiable(solver_.check(assumptions), solver_);
  }

  /// After satisfiable() said yes.
  std::vector<bool> model() const {
    const z3::model model = solver_.get_model();
    std::vector<bool> values;
    for (const z3::expr& variable : variables_) {
      values.push_back(model.eval(variable, /*model_completion=*/true).is_true());
    }
    return values;
  }

  /// After satisfiable() said no.
  std::vector<int> core() const {
    std::vector<int> clauses;
    for (const z3::expr& assumption : solver_.unsat_core()) {
      clauses.push_back(assumption.decl().name().to_int());
    }
    std::sort(clauses.begin(), clauses.end());
    return clauses;
  }

 private:
  z3::context context_;
  z3::solver solver_;
  z3::expr_vector variables_, switches_;
};

std::vector<int> minimise(const std::vector<int>& core, SwitchedClauses& clauses) {
  std::vector<int> minimal = core;
  for (const int i : core) {
    std::vector<int> smaller = minimal;
    std::erase(smaller, i);
    if (!clauses.satisfiable(smaller)) minimal = smaller;
  }
  return minimal;
}

bool holds(const Clause& clause, const std::vector<bool>& model) {
  return model[clause.left.variable] != clause.left.negated ||
         model[clause.right.variable] != clause.right.negated;
}

void recheck(const Formula& formula, const std::vector<bool>& model) {
  for (size_t i = 0; i < formula.clauses.size(); ++i) {
    if (!holds(formula.clauses[i], model)) {
      throw std::runtime_error("Z3's model violates clause " + std::to_string(i + 1));
    }
  }
}

}  // namespace

Ruling rule(const Formula& formula) {
  validate(formula);
  SwitchedClauses clauses(formula);
  std::vector<int> all(formula.clauses.size());
  std::iota(all.begin(), all.end(), 0);
  if (!clauses.satisfiable(all)) return {false, {}, minimise(clauses.core(), clauses)};

  Ruling ruling{true, clauses.model(), {}};
  recheck(formula, ruling.model);
  return ruling;
}

std::vector<bool> satisfiable_by_z3(const std::vector<Formula>& formulas) {
  z3::context context;
  z3::solver solver(context);
  const z3::expr_vector variables = boolean_variables(context, kMaxVariables);
  std::vector<bool> answers;
  for (const Formula& formula : formulas) {
    validate(formula);
    solver.push();
    for (const Clause& clause : formula.clauses) solver.add(to_z3(clause, variables));
    answers.push_back(is_satisfiable(solver.check(), solver));
    solver.pop();
  }
  return answers;
}

}  // namespace assay::sat2
