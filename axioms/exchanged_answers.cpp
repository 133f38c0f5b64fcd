#include "axioms/exchanged_answers.h"

#include <algorithm>

#include "circuits/interpretation/abstract_values.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;

// Steps that depend on no exchanged value are as they were.
Value concluded(const Program& program, const Tensor& tokens, std::vector<Value> values,
                const Exchanges& exchanges) {
  std::vector<bool> changed(program.steps.size()), fixed(program.steps.size());
  for (const auto& [v, value] : exchanges) {
    values[v] = value;
    changed[v] = fixed[v] = true;
  }
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    const bool depends = std::ranges::any_of(
        step.parents, [&](int parent) { return parent >= 0 && changed[parent]; });
    if (fixed[i] || !depends) continue;
    values[i] = circuits::step_value(step, values, tokens);
    changed[i] = true;
  }
  return values[program.output];
}

}  // namespace

Tensor exchanged_answer(const Experiment& experiment, const Tensor& tokens,
                        const std::vector<Value>& own, const Exchanges& exchanges) {
  return replaced_decision(experiment, experiment.program.output, tokens,
                           concluded(experiment.program, tokens, own, exchanges));
}

Tensor decision_with(const Experiment& experiment, const Tensor& tokens,
                     std::vector<interp::Overwrite> overwrites) {
  const interp::Network& network = experiment.network;
  return decide(experiment.decision,
                network
                    .trace(tokens, {.record = {experiment.decision.site(network)},
                                    .overwrite = std::move(overwrites)})
                    .front());
}

Tensor missed(const Tensor& decision, const Tensor& expected) {
  return decision.ne(expected).logical_or(decision.eq(kTie));
}

}  // namespace assay::axioms
