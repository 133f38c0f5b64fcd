#include "sat2/readings.h"

#include <z3++.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

namespace assay::sat2 {
namespace {

bool any(const std::vector<Reading>& readings, Mask truth_table) {
  return std::ranges::any_of(readings, [&](const Reading& r) { return r(truth_table); });
}

bool misread(const std::vector<Reading>& readings, Mask truth_table) {
  return any(readings, truth_table) != (truth_table != 0);
}

z3::expr to_z3(const Reading& reading, const z3::expr_vector& satisfies) {
  if (reading.assignment < 0) return satisfies.ctx().bool_val(reading.value);
  return z3::ite(satisfies[reading.assignment], to_z3(*reading.yes, satisfies),
                 to_z3(*reading.no, satisfies));
}

bool asks_only(const Reading& reading, int assignments) {
  return reading.assignment < 0 ||
         (reading.assignment < assignments && asks_only(*reading.yes, assignments) &&
          asks_only(*reading.no, assignments));
}

void require_readable(const std::vector<Reading>& readings, int variables) {
  validate(Formula{variables, {}});
  for (const Reading& reading : readings)
    if (!asks_only(reading, 1 << variables))
      throw std::invalid_argument("a reading asks for an assignment that does not exist");
}

// Does the tree say yes on every path on which `given` satisfies? An assignment that was asked
// before on the path keeps its answer.
bool always_yes(const Reading& reading, std::unordered_map<int, bool>& known) {
  if (reading.assignment < 0) return reading.value;
  const auto found = known.find(reading.assignment);
  if (found != known.end()) return always_yes(found->second ? *reading.yes : *reading.no, known);
  bool always = true;
  for (const bool answer : {true, false}) {
    known[reading.assignment] = answer;
    always = always && always_yes(answer ? *reading.yes : *reading.no, known);
  }
  known.erase(reading.assignment);
  return always;
}

// The formula whose clauses were added one after the other to reach a table.
Formula formula_at(const std::unordered_map<Mask, std::pair<Mask, int>>& from, Mask table,
                   const std::vector<Clause>& clauses, int variables) {
  Formula formula{variables, {}};
  while (table != all_assignments(variables)) {
    const auto& [before, clause] = from.at(table);
    formula.clauses.insert(formula.clauses.begin(), clauses[clause]);
    table = before;
  }
  return formula;
}

}  // namespace

bool Reading::operator()(Mask truth_table) const {
  const Reading* at = this;
  while (at->assignment >= 0)
    at = (truth_table >> at->assignment & 1) ? at->yes.get() : at->no.get();
  return at->value;
}

Reading any_of(const std::vector<int>& assignments) {
  Reading reading{.assignment = -1, .value = false, .yes = {}, .no = {}};
  const auto yes = std::make_shared<const Reading>(Reading{-1, true, {}, {}});
  for (const int assignment : assignments)
    reading = {assignment, false, yes, std::make_shared<const Reading>(std::move(reading))};
  return reading;
}

std::optional<Formula> misread_formula(const std::vector<Reading>& readings, int variables) {
  require_readable(readings, variables);
  const std::vector<Clause> clauses = all_clauses(variables);
  z3::context context;
  z3::solver solver(context);
  z3::expr_vector stands(context), satisfies(context), yes(context);
  for (size_t c = 0; c < clauses.size(); ++c)
    stands.push_back(context.bool_const(("clause" + std::to_string(c)).c_str()));
  for (int a = 0; a < 1 << variables; ++a) {
    z3::expr_vector absent(context);
    for (size_t c = 0; c < clauses.size(); ++c)
      if (!(satisfying(clauses[c], variables) >> a & 1)) absent.push_back(!stands[c]);
    satisfies.push_back(z3::mk_and(absent));
  }
  for (const Reading& reading : readings) yes.push_back(to_z3(reading, satisfies));
  solver.add(z3::mk_or(stands));  // a formula has a clause
  solver.add(z3::mk_or(yes) != z3::mk_or(satisfies));
  const z3::check_result result = solver.check();
  if (result == z3::unknown)
    throw std::runtime_error("Z3 answers unknown: " + solver.reason_unknown());
  if (result == z3::unsat) return std::nullopt;
  Formula formula{variables, {}};
  const z3::model model = solver.get_model();
  for (size_t c = 0; c < clauses.size(); ++c)
    if (model.eval(stands[c], true).is_true()) formula.clauses.push_back(clauses[c]);
  if (!misread(readings, satisfying(formula)))
    throw std::runtime_error("Z3's formula is no counterexample");
  return formula;
}

std::optional<Formula> smallest_misread_formula(const std::vector<Reading>& readings,
                                                int variables) {
  require_readable(readings, variables);
  const std::vector<Clause> clauses = all_clauses(variables);
  std::vector<Mask> masks;
  for (const Clause& clause : clauses) masks.push_back(satisfying(clause, variables));
  std::unordered_map<Mask, std::pair<Mask, int>> from;  // table before, clause added
  std::vector<Mask> level = {all_assignments(variables)};
  from.emplace(level[0], std::pair(level[0], -1));
  while (!level.empty()) {
    std::vector<Mask> next;
    for (const Mask table : level)
      for (size_t c = 0; c < masks.size(); ++c)
        if (from.try_emplace(table & masks[c], table, static_cast<int>(c)).second) {
          next.push_back(table & masks[c]);
          if (misread(readings, next.back()))
            return formula_at(from, next.back(), clauses, variables);
        }
    level = std::move(next);
  }
  return std::nullopt;
}

std::vector<int> covering(const std::vector<Reading>& readings, int variables) {
  require_readable(readings, variables);
  if (any(readings, 0)) return {};
  std::vector<int> reading_for;
  for (int a = 0; a < 1 << variables; ++a) {
    const auto found = std::ranges::find_if(readings, [&](const Reading& reading) {
      std::unordered_map<int, bool> known = {{a, true}};
      return always_yes(reading, known);
    });
    if (found == readings.end()) return {};
    reading_for.push_back(static_cast<int>(found - readings.begin()));
  }
  return reading_for;
}

}  // namespace assay::sat2
