#include "axioms/interventions.h"

#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "axioms/determination.h"
#include "interp/execution/chunks.h"
#include "interp/network/network.h"
#include "interp/statistics/random.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Step;
using circuits::Value;
using interp::Site;

constexpr double kSameNumber = 0.1;     // of a standard deviation
constexpr uint64_t kPairingSeed = 271;  // arbitrary: which inputs are paired must not be chosen

Tensor random_partner(int64_t n) {
  statistics::Engine engine(kPairingSeed);
  return torch::tensor(statistics::permutation(engine, n), torch::kInt64);
}

// For each row the next one with the same decision, in turn.
Tensor partner_decided_alike(const Tensor& decision) {
  std::vector<int64_t> order(decision.size(0)), partner(order.size());
  std::iota(order.begin(), order.end(), 0);
  const Tensor decided = decision.cpu();
  const auto* of = decided.data_ptr<int64_t>();
  std::ranges::stable_sort(order, {}, [&](int64_t row) { return of[row]; });
  for (size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && of[order[last]] == of[order[first]]) ++last;
    for (size_t i = first; i < last; ++i) partner[order[i]] = order[i + 1 < last ? i + 1 : first];
  }
  return torch::tensor(partner, torch::kInt64).to(decision.device());
}

Tensor clearly_differ(const Value& left, const Value& right) {
  if (!left.is_floating_point()) return differ(left, right);
  const Tensor deviation = left.to(torch::kFloat64).std(0, /*unbiased=*/false, /*keepdim=*/true);
  return (left - right).abs().gt(kSameNumber * deviation).unsqueeze(-1).flatten(1).any(1);
}

int64_t count(const Tensor& rows) {
  return rows.sum().item<int64_t>();
}

void add_grip(Grip& grip, const Experiment& experiment, size_t v, const Observation& seen,
              const Tensor& partner) {
  const Tensor replaced =
      replaced_decision(experiment, v, seen.tokens, seen.prefix[v].index_select(0, partner));
  const Tensor theirs = seen.decision.index_select(0, partner);
  const Tensor pair = seen.decision.ne(theirs);
  grip.inputs += seen.decision.size(0);
  grip.changed += count(replaced.ne(seen.decision));
  grip.pairs += count(pair);
  grip.followed += count(pair.logical_and(replaced.eq(theirs)));
}

void add_equality(EqualityStrength& strength, const Experiment& experiment, size_t v,
                  const Observation& seen, const Tensor& partner) {
  const Value& own = seen.actual[v];
  const auto called_equal = [&](const Tensor& differing, const Value& other) {
    return count(differing.logical_and(unequal(experiment, v, seen, own, other).logical_not()));
  };
  const Value other = own.index_select(0, partner);
  const Tensor differing = clearly_differ(own, other);
  strength.differing += count(differing);
  strength.called_equal += called_equal(differing, other);
  strength.inputs += own.size(0);
  strength.hidden += called_equal(clearly_differ(own, seen.prefix[v]), seen.prefix[v]);
}

/// What is collected of one step over all batches.
struct Collected {
  std::vector<Tensor> values, states;  // [batch, …]
  Keys answers;                        // that the graph concludes from the network's values
};

void collect(Collected& all, const Experiment& experiment, size_t v, const Observation& seen) {
  const Value& value = seen.actual[v];
  const Keys answers = keys_of(conclusion(experiment.program, v, seen.prefix, seen.tokens, value));
  all.answers.insert(all.answers.end(), answers.begin(), answers.end());
  all.values.push_back(value.unsqueeze(-1).flatten(1));
  all.states.push_back(written_states(experiment.program.steps[v], value));
}

double explained_by(const Keys& groups, const std::vector<Tensor>& rows) {
  VarianceExplained explained(groups);
  for (const Tensor& batch : rows) explained.add(batch);
  return explained.value();
}

}  // namespace

Tensor written_states(const Step& step, const Value& value) {
  std::vector<Tensor> parts;
  for (const Tensor& part : step.gamma(value))  // a batch of 1 stands for all
    parts.push_back(part.flatten(1).expand({value.size(0), -1}));
  return at::cat(parts, 1);
}

Interventions intervene(const Experiment& experiment, const Tensor& tokens) {
  const size_t steps = experiment.program.steps.size();
  Interventions result{.grips = std::vector<Grip>(steps),
                       .equalities = std::vector<EqualityStrength>(steps),
                       .written = std::vector<WrittenStates>(steps)};
  std::vector<Collected> collected(steps);
  Keys decisions;
  const interp::Chunks chunks(tokens.size(0), experiment.network.inputs_per_run());
  chunks.in_turn([&](const interp::Chunk& chunk) {
    const Observation seen = observe(experiment, tokens.narrow(0, chunk.first, chunk.count));
    const Tensor partner = random_partner(chunk.count).to(tokens.device());
    const Tensor alike = partner_decided_alike(seen.decision);
    for (size_t v = 0; v < steps; ++v) {
      add_grip(result.grips[v], experiment, v, seen, partner);
      add_equality(result.equalities[v], experiment, v, seen, alike);
      collect(collected[v], experiment, v, seen);
    }
    const Keys decided = keys_of(seen.decision);
    decisions.insert(decisions.end(), decided.begin(), decided.end());
  });
  for (size_t v = 0; v < steps; ++v) {
    const auto& [values, states, answers] = collected[v];
    result.equalities[v].explained = explained_by(decisions, values);
    result.written[v] = {.explained = explained_by(answers, states),
                         .values_explained = explained_by(answers, values)};
  }
  return result;
}

std::vector<Site> later_components(const Step& step, const interp::Places& places) {
  int last = 0;
  for (const Site& site : step.sites) last = std::max(last, places.at(site.place));
  std::vector<Site> later;
  for (const interp::ComponentPlaces& component : places.components)
    if (component.joins >= 0 && component.acts > last)
      later.push_back({.place = places[component.output].name});
  return later;
}

double kept_decisions(const Experiment& experiment, const Tensor& tokens,
                      const std::vector<Site>& components) {
  const auto& [network, program, decision] = experiment;
  interp::TraceRequest as_is{.record = {decision.site(network)}, .overwrite = {}};
  as_is.record.insert(as_is.record.end(), components.begin(), components.end());
  const std::vector<Tensor> recorded = network.trace(tokens, as_is);
  interp::TraceRequest silenced{.record = {decision.site(network)}, .overwrite = {}};
  for (size_t i = 0; i < components.size(); ++i)
    silenced.overwrite.push_back({components[i], recorded[1 + i].mean(0, true)});
  const Tensor before = decide(decision, recorded.front());
  const Tensor after = decide(decision, network.trace(tokens, silenced).front());
  return before.eq(after).to(torch::kFloat64).mean().item<double>();
}

}  // namespace assay::axioms
