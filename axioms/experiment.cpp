#include "axioms/experiment.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/abstract_values.h"
#include "interp/network/network.h"

namespace assay::axioms {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;
using interp::Site;

Site Decision::site(const interp::Network& network) const {
  return interp::logits_site(network, readout);
}

Tensor decide(const Decision& decision, const Tensor& logits) {
  const Tensor answers = torch::tensor(decision.answers, torch::kInt64).to(logits.device());
  const Tensor rows = logits.select(1, 0).index_select(1, answers);
  if (!rows.isfinite().all().item<bool>())
    throw std::runtime_error(
        "the network has no decision: its logits are NaN or infinite, expected finite numbers");
  const auto [highest, winner] = rows.max(1, /*keepdim=*/true);
  const Tensor tied = rows.eq(highest).sum(1).gt(1);
  return winner.squeeze(1).masked_fill(tied, kTie);
}

void require_consistent(const Experiment& experiment) {
  const auto& [network, program, decision] = experiment;
  const interp::Places& places = network.places();
  if (decision.answers.size() < 2)
    throw std::invalid_argument(
        fmt::format("the task: expected at least two answers to decide among, got {}",
                    decision.answers.size()));
  for (const int64_t answer : decision.answers)
    if (answer < 0 || answer >= places.n_tokens)
      throw std::invalid_argument(
          fmt::format("the task: answer {} is out of range [0, {})", answer, places.n_tokens));
  const Site read = decision.site(network);
  interp::validate(read, places);
  const Step& output = program.steps.at(program.output);
  for (const Site& site : output.reads)
    if (site != read)
      throw std::invalid_argument(
          fmt::format("node '{}': alpha of the output reads {}, expected {}, where the task reads "
                      "the network's answer",
                      output.name, to_string(site), to_string(read)));
}

Observation observe(const Experiment& experiment, const Tensor& tokens) {
  const auto& [network, program, decision] = experiment;
  interp::TraceRequest request{.record = {decision.site(network)}, .overwrite = {}};
  for (const Step& step : program.steps)
    request.record.insert(request.record.end(), step.reads.begin(), step.reads.end());
  const std::vector<Tensor> recorded = network.trace(tokens, request);
  Observation observation{.tokens = tokens,
                          .actual = {},
                          .prefix = circuits::prefix_values(program, tokens),
                          .component = {},
                          .decision = decide(decision, recorded.front())};
  auto next = recorded.begin() + 1;
  for (const Step& step : program.steps) {
    const auto end = next + static_cast<std::ptrdiff_t>(step.reads.size());
    observation.actual.push_back(step.alpha({next, end}));
    next = end;
  }
  for (const Step& step : program.steps)
    observation.component.push_back(circuits::step_value(step, observation.actual, tokens));
  return observation;
}

Tensor replaced_decision(const Experiment& experiment, size_t v, const Tensor& tokens,
                         const Value& value) {
  const Step& step = experiment.program.steps[v];
  interp::TraceRequest request{.record = {experiment.decision.site(experiment.network)},
                               .overwrite = {}};
  const circuits::Activations activations = step.gamma(value);
  if (activations.size() != step.sites.size())
    throw std::invalid_argument(fmt::format("node '{}': gamma writes {} tensors for {} sites",
                                            step.name, activations.size(), step.sites.size()));
  for (size_t i = 0; i < step.sites.size(); ++i)
    request.overwrite.push_back({step.sites[i], activations[i]});
  return decide(experiment.decision, experiment.network.trace(tokens, request).front());
}

Value conclusion(const Program& program, size_t v, const std::vector<Value>& before,
                 const Tensor& tokens, const Value& value) {
  std::vector<Value> values = before;
  std::vector<bool> changed(program.steps.size());
  values[v] = value;
  changed[v] = true;
  for (size_t i = v + 1; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    changed[i] = std::ranges::any_of(step.parents,
                                     [&](int parent) { return parent >= 0 && changed[parent]; });
    if (changed[i]) values[i] = circuits::step_value(step, values, tokens);
  }
  return values[program.output];
}

Tensor differ(const Value& left, const Value& right) {
  return left.ne(right).unsqueeze(-1).flatten(1).any(1);
}

Effect effect_of(const Experiment& experiment, size_t v, const Observation& observation,
                 const Value& value) {
  return {replaced_decision(experiment, v, observation.tokens, value),
          conclusion(experiment.program, v, observation.prefix, observation.tokens, value)};
}

Tensor differ(const Effect& left, const Effect& right) {
  return left.decision.ne(right.decision).logical_or(differ(left.conclusion, right.conclusion));
}

Tensor unequal(const Experiment& experiment, size_t v, const Observation& observation,
               const Value& left, const Value& right) {
  const Step& step = experiment.program.steps[v];
  if (step.equality) return step.equality(left, right).logical_not();
  return differ(effect_of(experiment, v, observation, left),
                effect_of(experiment, v, observation, right));
}

}  // namespace assay::axioms
