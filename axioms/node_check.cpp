#include "axioms/node_check.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "circuits/interpretation/abstract_values.h"
#include "interp/statistics/random.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Step;
using circuits::Value;

void require_same_shape(const Step& step, const Value& actual, const Value& abstract) {
  if (actual.sizes() != abstract.sizes())
    throw std::invalid_argument(
        fmt::format("node '{}': alpha gives values of shape {}, but h of shape {}", step.name,
                    c10::str(actual.sizes()), c10::str(abstract.sizes())));
}

// Decisions with S_v := γ(H_v) and with S_v := γ(C_v); the second run is made only where they
// differ.
std::pair<Tensor, Tensor> replaced_decisions(const Experiment& experiment, size_t v,
                                             const Observation& seen) {
  const Tensor by_prefix = replaced_decision(experiment, v, seen.tokens, seen.prefix[v]);
  const Tensor rows = differ(seen.prefix[v], seen.component[v]).nonzero().flatten();
  if (rows.numel() == 0) return {by_prefix, by_prefix};
  const Tensor again = replaced_decision(experiment, v, seen.tokens.index_select(0, rows),
                                         seen.component[v].index_select(0, rows));
  return {by_prefix, by_prefix.index_copy(0, rows, again)};
}

Tensor rows_of(const Tensor& values, const Tensor& rows) {
  return values.defined() ? values.index_select(0, rows) : values;
}

/// Inputs on which each axiom fails, and the decisions of the replaced runs.
struct Failing {
  Tensor by_prefix, by_component;  // int64 [batch]
  Tensor pe, ce, pr, cr;           // bool [batch]
};

// By the step's equality A_v is held against H_v (PE) and C_v (CE). Downstream equality compares
// what follows from the values, for which the replaced decisions are there already.
Failing failing(const Experiment& experiment, size_t v, const Observation& seen,
                const std::optional<Effect>& by_actual, bool replaced) {
  const Step& step = experiment.program.steps[v];
  const Value &actual = seen.actual[v], &prefix = seen.prefix[v], &component = seen.component[v];
  Failing result;
  if (!replaced && step.equality) {
    result.pe = step.equality(actual, prefix).logical_not();
    result.ce = step.equality(actual, component).logical_not();
    return result;
  }
  std::tie(result.by_prefix, result.by_component) = replaced_decisions(experiment, v, seen);
  const auto effect = [&](const Tensor& replaced, const Value& value) -> Effect {
    return {replaced, conclusion(experiment.program, v, seen.prefix, seen.tokens, value)};
  };
  result.pe = by_actual ? differ(*by_actual, effect(result.by_prefix, prefix))
                        : step.equality(actual, prefix).logical_not();
  result.ce = by_actual ? differ(*by_actual, effect(result.by_component, component))
                        : step.equality(actual, component).logical_not();
  result.pr = seen.decision.ne(result.by_prefix);
  result.cr = seen.decision.ne(result.by_component);
  return result;
}

// Of these rows, with the values that step v has in `others`.
Observation exchanged(const Observation& seen, size_t v, const Pairs& pairs) {
  Observation part{.tokens = rows_of(seen.tokens, pairs.own),
                   .actual = std::vector<Value>(seen.actual.size()),
                   .prefix = {},
                   .component = std::vector<Value>(seen.component.size()),
                   .decision = rows_of(seen.decision, pairs.own)};
  part.actual[v] = rows_of(seen.actual[v], pairs.own);
  for (const Value& value : seen.prefix) part.prefix.push_back(rows_of(value, pairs.own));
  part.prefix[v] = rows_of(seen.prefix[v], pairs.others);
  part.component[v] = rows_of(seen.component[v], pairs.others);
  return part;
}

int64_t count_of(const Tensor& rows) {
  return rows.sum().item<int64_t>();
}

void add_failures(NodeResult& node, Axiom axiom, const Keep& keep, const Tensor& failed,
                  const Value& network, const Value& interpretation) {
  AxiomResult& result = node[axiom];
  const int64_t wanted = keep.witnesses[static_cast<size_t>(axiom)];
  const int64_t failures = count_of(failed);
  result.estimate += {.n = failed.size(0), .failures = failures};
  if (std::min(wanted, failures) == 0) return;
  const Tensor rows = failed.nonzero().flatten().cpu();
  for (int64_t i = 0; i < std::min(wanted, failures); ++i) {
    const int64_t row = rows[i].item<int64_t>();
    const Tensor tokens = keep.tokens[row].cpu().contiguous();
    result.witnesses.push_back(
        {.input = keep.first + row,
         .tokens = {tokens.data_ptr<int64_t>(), tokens.data_ptr<int64_t>() + tokens.numel()},
         .network = circuits::value_as_json(network[row].cpu()),
         .interpretation = circuits::value_as_json(interpretation[row].cpu())});
  }
}

void add_by_answer(std::map<int64_t, Counts>& counts, statistics::Estimate Counts::*kind,
                   const Tensor& decision, const Tensor& failed) {
  const Tensor decisions = decision.cpu(), fails = failed.cpu();
  const auto* decided = decisions.data_ptr<int64_t>();
  const bool* fail = fails.data_ptr<bool>();
  for (int64_t row = 0; row < decisions.size(0); ++row)
    counts[decided[row]].*kind += {.n = 1, .failures = fail[row] ? 1 : 0};
}

statistics::Estimate count_differing(const Value& left, const Value& right) {
  return {.n = left.size(0), .failures = count_of(differ(left, right))};
}

}  // namespace

Pairs pairs_of_unrelated(int64_t first, int64_t count) {
  const std::vector<int64_t> order = statistics::permutation_at(kUnrelatedSeed, first, count);
  const int64_t n = std::min(std::max(count / 4, kFewestPairs), count / 2);
  return {
      torch::tensor(std::vector<int64_t>(order.begin(), order.begin() + n), torch::kInt64),
      torch::tensor(std::vector<int64_t>(order.begin() + n, order.begin() + 2 * n), torch::kInt64)};
}

NodeResult check_node(const Experiment& experiment, size_t v, const Observation& seen,
                      const Pairs& pairs, const Keep& keep, bool replaced) {
  const Step& step = experiment.program.steps[v];
  const Value &actual = seen.actual[v], &prefix = seen.prefix[v], &component = seen.component[v];
  require_same_shape(step, actual, prefix);
  require_same_shape(step, actual, component);
  std::optional<Effect> by_actual, of_pairs;
  if (!step.equality) {
    by_actual = effect_of(experiment, v, seen, actual);
    of_pairs = {rows_of(by_actual->decision, pairs.own), rows_of(by_actual->conclusion, pairs.own)};
  }
  const Failing own = failing(experiment, v, seen, by_actual, replaced);
  NodeResult result{.node = step.name, .axioms = {}};
  add_failures(result, Axiom::PE, keep, own.pe, actual, prefix);
  add_failures(result, Axiom::CE, keep, own.ce, actual, component);
  if (replaced) {
    add_failures(result, Axiom::PR, keep, own.pr, seen.decision, own.by_prefix);
    add_failures(result, Axiom::CR, keep, own.cr, seen.decision, own.by_component);
  }
  if (keep.by_features) {
    auto row = static_cast<int64_t>(v * std::size(kAxioms));
    for (const Tensor& failed : {own.pe, own.ce, own.pr, own.cr}) {
      if (failed.defined()) keep.by_features->add(row, failed);
      ++row;
    }
  }
  result.inherited = count_of(own.pe.logical_and(own.ce.logical_not()));
  if (!step.equality)
    result.plain = {count_differing(actual, prefix), count_differing(actual, component)};

  std::optional<Failing> unrelated;
  const Tensor decided = rows_of(seen.decision, pairs.own);
  if (pairs.own.size(0) > 0)
    unrelated = failing(experiment, v, exchanged(seen, v, pairs), of_pairs, replaced);
  const bool by_answer = std::ssize(experiment.decision.answers) <= kMostAnswers;
  const auto add_counts = [&](Axiom axiom, Tensor Failing::*failed) {
    if (by_answer)
      add_by_answer(result[axiom].by_answer, &Counts::estimate, seen.decision, own.*failed);
    if (!unrelated) return;
    const Tensor& by_chance = (*unrelated).*failed;
    result[axiom].unrelated = {.n = by_chance.size(0), .failures = count_of(by_chance)};
    if (by_answer) add_by_answer(result[axiom].by_answer, &Counts::unrelated, decided, by_chance);
  };
  add_counts(Axiom::PE, &Failing::pe);
  add_counts(Axiom::CE, &Failing::ce);
  if (!replaced) return result;
  add_counts(Axiom::PR, &Failing::pr);
  add_counts(Axiom::CR, &Failing::cr);
  return result;
}

}  // namespace assay::axioms
