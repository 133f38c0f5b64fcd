#include "tasks/mutation_table.h"

#include <algorithm>
#include <functional>
#include <set>

#include "interp/network/transformer.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace {

using axioms::Axiom;
using axioms::CheckResult;
using circuits::Interpretation;
using circuits::Program;
using statistics::Estimate;

constexpr int64_t kFirstLook = 128;

Program compiled(const Interpretation& interpretation, const MutationTrial& trial) {
  return circuits::compile(interpretation, all_operations(), trial.network.places());
}

// Checks the inputs slice by slice, so that `look` sees counts after 128, 256, 512, … of them. The
// slices are disjoint: their estimates add up.
void check_in_slices(const Program& program, const MutationTrial& trial,
                     const std::function<void(const CheckResult& slice, int64_t first)>& look) {
  for (int64_t first = 0, size = kFirstLook; first < trial.count; first += size, size = first) {
    const auto slice = [&, first](int64_t from, int64_t n) {
      return trial.inputs(first + from, n);
    };
    look(axioms::check({trial.network, program, trial.decision}, slice,
                       {.inputs = std::min(size, trial.count - first), .witnesses = 1}),
         first);
  }
}

std::vector<MutatedRow> rows_before(const Interpretation& interpretation,
                                    const MutationTrial& trial) {
  const CheckResult result =
      axioms::check({trial.network, compiled(interpretation, trial), trial.decision}, trial.inputs,
                    {.inputs = trial.count});
  std::vector<MutatedRow> rows;
  for (const axioms::NodeResult& node : result.nodes) {
    for (const Axiom axiom : axioms::kAxioms) {
      const Estimate& before = node[axiom].estimate;
      rows.push_back({.node = node.node,
                      .axiom = axiom,
                      .before = before,
                      .claim = trial.exhaustive
                                   ? before.rate()
                                   : statistics::upper_bound(before, trial.confidence)});
    }
  }
  return rows;
}

bool violated(const MutatedRow& row, const MutationTrial& trial) {
  return trial.exhaustive ? row.after.failures > row.before.failures
                          : statistics::lower_bound(row.after, trial.confidence) > row.claim;
}

std::vector<MutatedRow> rows_after(const Program& mutated, std::vector<MutatedRow> rows,
                                   const MutationTrial& trial) {
  std::erase_if(rows, [&](const MutatedRow& row) {  // of nodes that are gone
    return std::ranges::find(mutated.steps, row.node, &circuits::Step::name) == mutated.steps.end();
  });
  check_in_slices(mutated, trial, [&](const CheckResult& slice, int64_t first) {
    for (MutatedRow& row : rows) {
      const auto& node = *std::ranges::find(slice.nodes, row.node, &axioms::NodeResult::node);
      const axioms::AxiomResult& result = node[row.axiom];
      row.after += result.estimate;
      if (!row.first_failure && !result.witnesses.empty())
        row.first_failure = first + result.witnesses.front().input;
      if (!violated(row, trial))
        row.violated_after.reset();
      else if (!row.violated_after)
        row.violated_after = first + slice.inputs;
    }
  });
  return rows;
}

}  // namespace

bool MutationResult::caught() const {
  return !objections.empty() || std::ranges::any_of(rows, &MutatedRow::caught);
}

MutationTable::MutationTable(const Interpretation& interpretation,
                             const std::vector<circuits::Mutation>& mutations,
                             const std::vector<uint64_t>& seeds, MutationTrial trial)
    : interpretation_(interpretation), trial_(std::move(trial)) {
  std::set<std::string> titles;
  for (const std::string& name : circuits::applicable(mutations, interpretation))
    for (const uint64_t seed : seeds) {
      Interpretation changed = circuits::mutate(mutations, name, interpretation, seed);
      if (titles.insert(changed.title).second) mutated_.push_back({name, seed, std::move(changed)});
    }
}

MutationResult MutationTable::result(int64_t index) {
  if (!before_) before_ = rows_before(interpretation_, trial_);
  const Mutated& mutated = mutated_.at(static_cast<size_t>(index));
  const Program program = compiled(mutated.interpretation, trial_);
  return {.mutation = mutated.mutation,
          .seed = mutated.seed,
          .title = mutated.interpretation.title,
          .rows = rows_after(program, *before_, trial_),
          .objections = axioms::vacuity({trial_.network, program, trial_.decision}, trial_.inputs,
                                        trial_.count, trial_.exhaustive)
                            .objections};
}

}  // namespace assay::tasks
