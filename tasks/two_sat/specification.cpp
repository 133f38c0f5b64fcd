#include "tasks/two_sat/specification.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <set>

#include "circuits/interpretation/composition.h"
#include "sat2/masks.h"
#include "sat2/readings.h"
#include "sat2/text.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using at::Tensor;
using circuits::Interpretation;
using circuits::Operation;
using proofs::Slot;
using proofs::Statement;
using proofs::Verdict;

// --- domains

/// The clauses that may stand in one place.
std::vector<sat2::Clause> clauses_of(int variables, bool both_orders) {
  std::vector<sat2::Clause> clauses = sat2::all_clauses(variables);
  if (both_orders)
    for (const sat2::Clause& clause : std::vector(clauses))
      clauses.push_back({clause.right, clause.left});
  return clauses;
}

proofs::Specified specified(const sat2::SamplerSettings& sampler, bool both_orders) {
  const Tokens tokens{sampler.variables};
  const std::vector<sat2::Clause> clauses = clauses_of(sampler.variables, both_orders);
  const int64_t places = sampler.max_clauses;
  const int64_t may_be_missing = places - sampler.min_clauses;
  proofs::Domain domain{
      .name = both_orders ? "both-orders" : "sampled",
      .words =
          fmt::format("every formula of {} clauses, each any of the {} {}", places, clauses.size(),
                      both_orders ? "ordered pairs of literals over two variables"
                                  : "that the sampler draws, the lower variable first"),
      .length = n_ctx(places),
      .readout = n_ctx(places) - 1};
  if (may_be_missing > 0)
    domain.words += fmt::format("; any of the first {} may be missing", may_be_missing);
  proofs::Survivors survivors{
      .width = 1 << sampler.variables, .some = tokens.sat(), .none = tokens.unsat()};
  const auto fixed = [&](int64_t position, int64_t token) {
    domain.slots.push_back({{position}, {{token}}});
    survivors.masks.emplace_back();
  };
  for (int64_t place = 0; place < places; ++place) {
    const bool whole = place < may_be_missing;  // its brackets may be missing as well
    const int64_t first = 4 * place;
    Slot slot{.positions = {first + 1, first + 2}, .alternatives = {}};
    if (whole) slot.positions = {first, first + 1, first + 2, first + 3};
    std::vector<uint64_t> masks;
    for (const sat2::Clause& clause : clauses) {
      const int64_t left = tokens.literal(clause.left), right = tokens.literal(clause.right);
      slot.alternatives.push_back(whole ? std::vector{tokens.open(), left, right, tokens.close()}
                                        : std::vector{left, right});
      masks.push_back(sat2::satisfying(clause, sampler.variables));
    }
    if (whole) {
      slot.alternatives.emplace_back(4, tokens.padding());
      masks.push_back(sat2::all_assignments(sampler.variables));
    } else {
      fixed(first, tokens.open());
    }
    domain.slots.push_back(std::move(slot));
    survivors.masks.emplace_back(std::move(masks));
    if (!whole) fixed(first + 3, tokens.close());
  }
  fixed(domain.readout, tokens.colon());
  return {std::move(domain), std::move(survivors)};
}

// Every formula of up to three clauses, for networks that read formulas of several lengths: few
// enough to be gone through. What is missing is missing in front, so the places depend on each
// other and are one slot.
proofs::Specified short_formulas(const sat2::SamplerSettings& sampler) {
  constexpr int64_t kLongest = 3;
  const Tokens tokens{sampler.variables};
  const std::vector<sat2::Clause> clauses = clauses_of(sampler.variables, false);
  const int64_t missing = 4 * (sampler.max_clauses - kLongest);
  proofs::Domain domain{
      .name = fmt::format("up-to-{}", kLongest),
      .words = fmt::format("every formula of {} to {} clauses, each any of the {} that the sampler "
                           "draws, the lower variable first",
                           sampler.min_clauses, kLongest, clauses.size()),
      .length = n_ctx(sampler.max_clauses),
      .readout = n_ctx(sampler.max_clauses) - 1};
  proofs::Survivors survivors{
      .width = 1 << sampler.variables, .some = tokens.sat(), .none = tokens.unsat()};
  for (int64_t first = 0; first < missing; first += 4) {
    domain.slots.push_back(
        {{first, first + 1, first + 2, first + 3}, {std::vector<int64_t>(4, tokens.padding())}});
    survivors.masks.emplace_back(std::vector{sat2::all_assignments(sampler.variables)});
  }
  Slot slot;
  for (int64_t i = 0; i < 4 * kLongest; ++i) slot.positions.push_back(missing + i);
  std::vector<uint64_t> masks;
  const std::function<void(std::vector<int64_t>, uint64_t, int64_t)> extend =
      [&](const std::vector<int64_t>& behind, uint64_t mask, int64_t length) {
        if (length >= sampler.min_clauses) {
          std::vector<int64_t> whole(4 * kLongest - behind.size(), tokens.padding());
          whole.insert(whole.end(), behind.begin(), behind.end());
          slot.alternatives.push_back(std::move(whole));
          masks.push_back(mask);
        }
        if (length == kLongest) return;
        for (const sat2::Clause& clause : clauses) {
          std::vector<int64_t> longer = {tokens.open(), tokens.literal(clause.left),
                                         tokens.literal(clause.right), tokens.close()};
          longer.insert(longer.end(), behind.begin(), behind.end());
          extend(longer, mask & sat2::satisfying(clause, sampler.variables), length + 1);
        }
      };
  extend({}, sat2::all_assignments(sampler.variables), 0);
  domain.slots.push_back(std::move(slot));
  survivors.masks.emplace_back(std::move(masks));
  domain.slots.push_back({{domain.readout}, {{tokens.colon()}}});
  survivors.masks.emplace_back();
  return {std::move(domain), std::move(survivors)};
}

std::vector<proofs::Specified> domains_of(const sat2::SamplerSettings& sampler) {
  std::vector<proofs::Specified> all = {specified(sampler, false), specified(sampler, true)};
  if (sampler.min_clauses < 3 && sampler.max_clauses >= 3) all.push_back(short_formulas(sampler));
  return all;
}

// --- the interpretation's program

sat2::Reading reading_of(const Program& program) {
  if (program.is_boolean()) return {-1, program.get<bool>(), {}, {}};
  if (program.contains("any_of")) return sat2::any_of(program.at("any_of").get<std::vector<int>>());
  const auto branch = [&](const char* name) {
    return std::make_shared<const sat2::Reading>(reading_of(program.at(name)));
  };
  return {program.at("assignment").get<int>(), false, branch("yes"), branch("no")};
}

/// The programs of an interpretation that reads every clause, evaluates the programs and asks
/// whether any neuron is on; none for one of another form.
std::optional<std::vector<sat2::Reading>> readings_of(const Interpretation& interpretation,
                                                      const sat2::SamplerSettings& sampler) {
  std::vector<Operation> steps;
  try {
    steps = circuits::functions_after(interpretation, circuits::kTokens);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  if (steps.size() != 3 || steps[0].name != "tokens_at" ||
      steps[1].name != "truth_table_programs" || steps[2].name != "any")
    return std::nullopt;
  std::vector<std::vector<int64_t>> literals;
  for (int64_t clause = 0; clause < sampler.max_clauses; ++clause)
    literals.push_back({left_literal(clause), right_literal(clause)});
  const Tokens tokens{sampler.variables};
  const auto output =
      std::ranges::find(interpretation.nodes, interpretation.output, &circuits::Node::name);
  if (steps[0].parameters.at("positions") != nlohmann::json(literals) ||
      steps[1].parameters.at("variables") != sampler.variables ||
      output->alpha.name != "argmax_of" ||
      output->alpha.parameters.at("tokens") != nlohmann::json({tokens.unsat(), tokens.sat()}))
    return std::nullopt;
  std::vector<sat2::Reading> readings;
  for (const Program& program : steps[1].parameters.at("programs"))
    readings.push_back(reading_of(program));
  return readings;
}

/// The formula as an input of the network: clauses that are too few are missing where that may be,
/// and else its last one stands several times.
Tensor as_input(sat2::Formula formula, const sat2::SamplerSettings& sampler) {
  while (std::ssize(formula.clauses) < sampler.min_clauses)
    formula.clauses.push_back(formula.clauses.back());
  Tensor tokens = at::empty({n_ctx(sampler.max_clauses)}, torch::kInt64);
  write_tokens(formula, sampler.max_clauses, tokens.data_ptr<int64_t>());
  return tokens;
}

std::optional<Statement> decide(const Interpretation& interpretation,
                                const sat2::SamplerSettings& sampler) {
  const auto readings = readings_of(interpretation, sampler);
  if (!readings) return std::nullopt;
  Statement statement{.statement = proofs::kProgram};
  if (sat2::misread_formula(*readings, sampler.variables)) {
    const auto smallest = sat2::smallest_misread_formula(*readings, sampler.variables);
    const auto clauses = std::ssize(smallest->clauses);
    if (clauses > sampler.max_clauses) {
      statement.words = fmt::format(
          "wrong first for formulas of {} clauses, which are longer than the network's", clauses);
      return statement;
    }
    statement.verdict = Verdict::Refuted;
    statement.words = fmt::format("wrong; fewest clauses of a formula that shows it: {}, {}",
                                  clauses, sat2::to_string(*smallest));
    statement.witness = as_input(*smallest, sampler);
    return statement;
  }
  const std::vector<int> covering = sat2::covering(*readings, sampler.variables);
  statement.verdict = Verdict::Proved;
  statement.words =
      fmt::format("right for every formula over {} variables, of any length", sampler.variables);
  if (covering.empty()) {
    statement.words += " (Z3 says so; no covering to check it by)";
  } else {
    statement.proof = {{"kind", "covering"}, {"neuron_for", covering}};
  }
  return statement;
}

// --- simpler formulas

std::vector<sat2::Clause> different(std::vector<sat2::Clause> clauses) {
  std::ranges::sort(clauses);
  clauses.erase(std::unique(clauses.begin(), clauses.end()), clauses.end());
  return clauses;
}

/// Different clauses and variables: fewer are simpler.
std::pair<size_t, size_t> complexity(const sat2::Formula& formula) {
  std::set<int> variables;
  for (const sat2::Clause& clause : formula.clauses)
    variables.insert({clause.left.variable, clause.right.variable});
  return {different(formula.clauses).size(), variables.size()};
}

/// The formula with one variable in place of another; a clause that is then none gives its place to
/// another one.
std::optional<sat2::Formula> merged(const sat2::Formula& formula, int from, int to) {
  sat2::Formula changed{formula.variables, {}};
  for (sat2::Clause clause : formula.clauses) {
    for (sat2::Literal* literal : {&clause.left, &clause.right})
      if (literal->variable == from) literal->variable = to;
    if (clause.left.variable == clause.right.variable) continue;
    if (clause.right.variable < clause.left.variable) std::swap(clause.left, clause.right);
    changed.clauses.push_back(clause);
  }
  if (changed.clauses.empty()) return std::nullopt;
  while (changed.clauses.size() < formula.clauses.size())
    changed.clauses.push_back(changed.clauses.back());
  return changed;
}

/// Another clause of the formula in the place of one (which drops it, where formulas have one
/// length), a clause less, or a variable less.
Tensor simpler(const Tensor& tokens, const sat2::SamplerSettings& sampler) {
  const sat2::Formula formula = formula_of(tokens, sampler.variables);
  std::vector<sat2::Formula> candidates;
  if (std::ssize(formula.clauses) > sampler.min_clauses)
    for (size_t i = 0; i < formula.clauses.size(); ++i) {
      candidates.push_back(formula);
      candidates.back().clauses.erase(candidates.back().clauses.begin() +
                                      static_cast<std::ptrdiff_t>(i));
    }
  for (const sat2::Clause& dropped : different(formula.clauses))
    for (const sat2::Clause& kept : different(formula.clauses)) {
      candidates.push_back(formula);
      std::ranges::replace(candidates.back().clauses, dropped, kept);
    }
  for (int from = 0; from < sampler.variables; ++from)
    for (int to = 0; to < sampler.variables; ++to)
      if (auto changed = merged(formula, from, to)) candidates.push_back(std::move(*changed));
  std::erase_if(candidates, [&](const sat2::Formula& candidate) {
    return candidate.clauses.size() >= formula.clauses.size() &&
           complexity(candidate) >= complexity(formula);
  });
  std::ranges::stable_sort(candidates, {}, complexity);
  Tensor rows = at::empty({std::ssize(candidates), n_ctx(sampler.max_clauses)}, torch::kInt64);
  for (size_t i = 0; i < candidates.size(); ++i)
    write_tokens(candidates[i], sampler.max_clauses,
                 rows.data_ptr<int64_t>() + static_cast<int64_t>(i) * rows.size(1));
  return rows;
}

}  // namespace

Specification specification(const sat2::SamplerSettings& sampler) {
  return {
      .domains = domains_of(sampler),
      .knowledge = {
          .decide_program =
              [sampler](const Interpretation& interpretation, const proofs::Specified&) {
                return decide(interpretation, sampler);
              },
          .simpler = [sampler](const Tensor& tokens) { return two_sat::simpler(tokens, sampler); },
          .order_free = {"truth_table_programs"},
          .is_input =
              [variables = sampler.variables](const Tensor& tokens) {
                try {
                  formula_of(tokens, variables);
                  return true;
                } catch (const std::invalid_argument&) {
                  return false;
                }
              }}};
}

}  // namespace assay::tasks::two_sat
