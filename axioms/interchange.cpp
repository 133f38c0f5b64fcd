#include "axioms/interchange.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "axioms/exchanged_answers.h"
#include "circuits/interpretation/abstract_values.h"
#include "interp/network/network.h"
#include "interp/statistics/random.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;
using interp::Overwrite;
using interp::Site;
using statistics::Estimate;

bool share_any(const std::vector<int64_t>& left, const std::vector<int64_t>& right) {
  if (left.empty() || right.empty()) return true;
  return std::ranges::any_of(left, [&](int64_t x) { return std::ranges::count(right, x) > 0; });
}

bool overlap(const Step& left, const Step& right) {
  for (const Site& one : left.sites)
    for (const Site& other : right.sites)
      if (one.place == other.place && share_any(one.positions, other.positions) &&
          share_any(one.neurons, other.neurons) &&
          (!one.head || !other.head || one.head == other.head))
        return true;
  return false;
}

/// Activations, by node of the plan and site.
using Recorded = std::vector<std::vector<Tensor>>;

circuits::Activations gamma_of(const Step& step, const Value& value) {
  circuits::Activations written = step.gamma(value);
  if (written.size() != step.sites.size())
    throw std::invalid_argument(fmt::format("node '{}': gamma writes {} tensors for {} sites",
                                            step.name, written.size(), step.sites.size()));
  return written;
}

void append(std::vector<Overwrite>& overwrites, const std::vector<Site>& sites,
            const std::vector<Tensor>& values) {
  for (size_t i = 0; i < sites.size(); ++i) overwrites.push_back({sites[i], values[i]});
}

// At each site the one where the mask is set, the other elsewhere.
std::vector<Overwrite> mixed(const std::vector<Site>& sites, const std::vector<Tensor>& masks,
                             const std::vector<Tensor>& one, const std::vector<Tensor>& other) {
  std::vector<Overwrite> overwrites;
  for (size_t i = 0; i < sites.size(); ++i)
    overwrites.push_back({sites[i], at::where(masks[i].to(one[i].device()), one[i], other[i])});
  return overwrites;
}

Recorded record(const interp::Network& network, const Tensor& tokens,
                const std::vector<std::vector<Site>>& sites) {
  interp::TraceRequest request;
  for (const auto& some : sites) std::ranges::copy(some, std::back_inserter(request.record));
  if (request.record.empty()) return Recorded(sites.size());
  const std::vector<Tensor> all = network.trace(tokens, request);
  Recorded recorded;
  auto next = all.begin();
  for (const auto& some : sites) {
    const auto end = next + std::ssize(some);
    recorded.emplace_back(next, end);
    next = end;
  }
  return recorded;
}

/// One batch of pairs with all that exchanging values between them takes.
struct Batch {
  const Experiment& experiment;
  const InterchangePlan& plan;
  Observation base;
  Tensor source, other;
  bool of_pairs = false;                               // pairs of nodes are exchanged, too
  Tensor rows = {};                                    // of the plan's listed sources
  std::vector<Value> by_source = {}, by_other = {};    // H_v of each step
  Recorded read = {}, read_of_other = {};              // what α reads, on the sources
  Recorded own = {}, sites = {}, sites_of_other = {};  // S_v, where unmapped parts are asked for
  Tensor answer = {};                                  // of the program on the base
  Recorded beside = {};  // activations of the base beside what α reads, where that spares runs

  Tensor decision(std::vector<Overwrite> overwrites) const {
    return decision_with(experiment, base.tokens, std::move(overwrites));
  }
  Tensor answer_with(const Exchanges& exchanges) const {
    return exchanged_answer(experiment, base.tokens, base.prefix, exchanges);
  }
  const Step& step(size_t node) const { return experiment.program.steps[plan.nodes[node].step]; }
  /// What the network decides for each source, where that does not depend on the base; or
  /// undefined.
  Tensor listed(const std::vector<Tensor>& by_step, size_t node) const {
    const size_t v = plan.nodes[node].step;
    return rows.defined() && by_step[v].defined() ? by_step[v].index_select(0, rows) : Tensor();
  }
};

std::vector<Value> values_of_sources(const Batch& batch) {
  if (!batch.rows.defined()) return circuits::prefix_values(batch.experiment.program, batch.source);
  std::vector<Value> values;
  for (const Value& of_step : batch.plan.sources.values)
    values.push_back(of_step.defined() ? of_step.index_select(0, batch.rows) : of_step);
  return values;
}

/// What α reads on the sources, by node.
Recorded read_on_sources(const Batch& batch, const std::vector<std::vector<Site>>& reads) {
  if (!batch.rows.defined() || batch.of_pairs)
    return record(batch.experiment.network, batch.source, reads);
  Recorded read;
  for (const MappedNode& node : batch.plan.nodes) {
    std::vector<Tensor>& of_node = read.emplace_back();
    for (const Tensor& of_site : batch.plan.sources.read[node.step])
      of_node.push_back(of_site.defined() ? of_site.index_select(0, batch.rows) : Tensor());
  }
  return read;
}

/// What all rounds of a chunk have in common.
struct Checked {
  const Observation& seen;
  Tensor answer;    // of the program
  Recorded beside;  // see Batch
};

Checked checked(const Experiment& experiment, const InterchangePlan& plan,
                const Observation& seen) {
  Recorded beside(plan.nodes.size());
  if (plan.interchange->exhaustive()) {
    std::vector<std::vector<Site>> sites;
    for (const MappedNode& node : plan.nodes) sites.push_back(plan.sources.beside[node.step]);
    beside = record(experiment.network, seen.tokens, sites);
  }
  return {seen, exchanged_answer(experiment, seen.tokens, seen.prefix, {}), std::move(beside)};
}

Batch batch_of(const Experiment& experiment, const InterchangePlan& plan, const Checked& checked,
               const Exchanged& drawn, bool of_pairs) {
  const auto on_device = [&](const Tensor& tokens) {
    return tokens.defined() ? tokens.to(experiment.network.device()) : tokens;
  };
  const bool own_bases = drawn.base.defined();
  Batch batch{.experiment = experiment,
              .plan = plan,
              .base = own_bases ? observe(experiment, on_device(drawn.base)) : checked.seen,
              .source = on_device(drawn.source),
              .other = on_device(drawn.other),
              .of_pairs = of_pairs,
              .rows = on_device(drawn.rows),
              .beside = checked.beside};
  for (const Tensor* tokens : {&batch.source, &batch.other})
    if (tokens->sizes() != batch.base.tokens.sizes())
      throw std::invalid_argument(
          fmt::format("interchange: sources of shape {} for bases of shape {}: both must have as "
                      "many inputs, of the same length",
                      c10::str(tokens->sizes()), c10::str(batch.base.tokens.sizes())));
  batch.answer = own_bases ? batch.answer_with({}) : checked.answer;
  const auto& network = experiment.network;
  std::vector<std::vector<Site>> reads, sites;
  for (size_t node = 0; node < plan.nodes.size(); ++node) {
    reads.push_back(batch.step(node).reads);
    sites.push_back(plan.nodes[node].sites);
  }
  batch.by_source = values_of_sources(batch);
  batch.read = read_on_sources(batch, reads);
  if (of_pairs) {
    batch.by_other = circuits::prefix_values(experiment.program, batch.other);
    batch.read_of_other = record(network, batch.other, reads);
  }
  if (plan.interchange->unmapped) {
    batch.own = record(network, batch.base.tokens, sites);
    batch.sites = record(network, batch.source, sites);
    batch.sites_of_other = record(network, batch.other, sites);
  }
  return batch;
}

Estimate count_rows(const Tensor& rows) {
  return {.n = rows.size(0), .failures = rows.sum().item<int64_t>()};
}

std::vector<int64_t> as_list(const Tensor& row) {
  const Tensor values = row.cpu().contiguous();
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

/// Where a row's counts go, and which failures are kept: at most one of each base.
struct Tally {
  const Batch& batch;
  int64_t first, witnesses;

  void add(AxiomResult& result, const Tensor& decision, const Tensor& expected,
           const Tensor& by_chance, bool two_sources) const {
    const Tensor failed = missed(decision, expected);
    result.estimate += count_rows(failed);
    result.unrelated += count_rows(by_chance);
    if (std::ssize(batch.experiment.decision.answers) <= kMostAnswers)
      add_by_answer(result.by_answer, failed, by_chance);
    keep(result.witnesses, failed, decision, expected, two_sources);
  }

 private:
  void add_by_answer(std::map<int64_t, Counts>& counts, const Tensor& failed,
                     const Tensor& by_chance) const {
    const Tensor decided = batch.base.decision.cpu(), fails = failed.cpu(),
                 chance = by_chance.cpu();
    for (int64_t row = 0; row < decided.size(0); ++row) {
      Counts& of = counts[decided.data_ptr<int64_t>()[row]];
      of.estimate += {.n = 1, .failures = fails.data_ptr<bool>()[row] ? 1 : 0};
      of.unrelated += {.n = 1, .failures = chance.data_ptr<bool>()[row] ? 1 : 0};
    }
  }
  void keep(std::vector<Witness>& kept, const Tensor& failed, const Tensor& decision,
            const Tensor& expected, bool two_sources) const {
    if (witnesses == 0) return;
    const std::vector<int64_t> rows = as_list(failed.nonzero().flatten());
    for (const int64_t row : rows) {
      const int64_t input = first + row;
      if (std::ranges::count(kept, input, &Witness::input) > 0) continue;
      if (std::ssize(kept) >= witnesses && input > kept.back().input) break;
      Witness witness{.input = input,
                      .tokens = as_list(batch.base.tokens[row]),
                      .network = decision[row].item<int64_t>(),
                      .interpretation = expected[row].item<int64_t>(),
                      .sources = {as_list(batch.source[row])}};
      if (two_sources) witness.sources.push_back(as_list(batch.other[row]));
      kept.push_back(std::move(witness));
      std::ranges::sort(kept, {}, &Witness::input);
      if (std::ssize(kept) > witnesses) kept.resize(witnesses);
    }
  }
};

/// One or two nodes exchanged: both readings beside the program's answer.
void exchange(const Tally& tally, const std::vector<size_t>& nodes, NodeResult& result) {
  const Batch& batch = tally.batch;
  Exchanges exchanges;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const size_t v = batch.plan.nodes[nodes[i]].step;
    exchanges.emplace_back(v, (i == 0 ? batch.by_source : batch.by_other)[v]);
  }
  const auto decision_by_gamma = [&] {
    std::vector<Overwrite> overwrites;
    for (size_t i = 0; i < nodes.size(); ++i)
      append(overwrites, batch.step(nodes[i]).sites,
             gamma_of(batch.step(nodes[i]), exchanges[i].second));
    return batch.decision(std::move(overwrites));
  };
  const auto decision_by_activations = [&] {
    std::vector<Overwrite> overwrites;
    for (size_t i = 0; i < nodes.size(); ++i)
      append(overwrites, batch.step(nodes[i]).reads,
             (i == 0 ? batch.read : batch.read_of_other)[nodes[i]]);
    if (const Recorded& beside = batch.beside; nodes.size() == 1 && !beside[nodes[0]].empty())
      append(overwrites, batch.plan.sources.beside[batch.plan.nodes[nodes[0]].step],
             beside[nodes[0]]);
    return batch.decision(std::move(overwrites));
  };
  const Tensor expected = batch.answer_with(exchanges);
  const Tensor unmoved = missed(batch.base.decision, expected),
               changing = expected.ne(batch.answer);
  const auto add = [&](Axiom reading, const std::vector<Tensor>& by_source, auto by_running) {
    const Tensor listed = nodes.size() == 1 ? batch.listed(by_source, nodes[0]) : Tensor();
    const Tensor decision = listed.defined() ? listed : by_running();
    tally.add(result[reading], decision, expected, unmoved, nodes.size() > 1);
    result[reading].exchange->changing +=
        count_rows(missed(decision, expected).masked_select(changing));
  };
  add(Axiom::II, batch.plan.sources.by_gamma, decision_by_gamma);
  add(Axiom::IA, batch.plan.sources.by_activations, decision_by_activations);
  const MappedNode& only = batch.plan.nodes[nodes.front()];
  if (nodes.size() > 1 || only.parts.empty()) return;
  const auto resampled = [&](Axiom reading, const std::vector<Tensor>& mapped) {
    const Tensor decision =
        batch.decision(mixed(only.sites, only.mapped, mapped, batch.sites_of_other[nodes.front()]));
    *result[reading].exchange->resampled += count_rows(missed(decision, expected));
  };
  resampled(Axiom::II, gamma_of(batch.step(nodes.front()), exchanges.front().second));
  resampled(Axiom::IA, batch.sites[nodes.front()]);
}

/// What the interpretation calls irrelevant of a node, all together and part by part. A pair fails
/// if the decision changes in any of these runs: two parts may cancel each other out as long as
/// they come from one input.
void resample_unmapped(const Tally& tally, size_t index, AxiomResult& result) {
  const Batch& batch = tally.batch;
  const MappedNode& node = batch.plan.nodes[index];
  const auto with = [&](const std::vector<Tensor>& masks, const Recorded& one,
                        const Recorded& other) {
    return batch.decision(mixed(node.sites, masks, one[index], other[index]));
  };
  const Tensor mapped_moved =
      missed(with(node.mapped, batch.sites, batch.own), batch.base.decision);
  const Tensor as_is = batch.base.decision;
  Tensor decision = with(node.mapped, batch.own, batch.sites);
  for (const Unmapped& part : node.parts) {
    const Tensor alone =
        node.parts.size() == 1 ? decision : with(part.masks, batch.sites, batch.own);
    result.exchange->parts[part.name] += count_rows(missed(alone, as_is));
    decision = at::where(missed(decision, as_is), decision, alone);
  }
  tally.add(result, decision, as_is, mapped_moved, false);
}

AxiomResult without_counts(const MappedNode& node, Axiom axiom, bool drawn) {
  AxiomResult result{.estimate = {}, .witnesses = {}, .exchange = Exchange{.drawn = drawn}};
  if (axiom != Axiom::UM && !node.parts.empty()) result.exchange->resampled.emplace();
  if (axiom == Axiom::UM)
    for (const Unmapped& part : node.parts) result.exchange->parts[part.name];
  return result;
}

}  // namespace

Exchange& Exchange::operator+=(const Exchange& other) {
  drawn = drawn || other.drawn;
  changing += other.changing;
  if (other.resampled) {
    if (!resampled) resampled.emplace();
    *resampled += *other.resampled;
  }
  for (const auto& [name, estimate] : other.parts) parts[name] += estimate;
  return *this;
}

Interchange among(const Tensor& inputs, uint64_t seed, bool unmapped, int64_t most_pairs) {
  const int64_t n = inputs.size(0);
  const bool all = n <= most_pairs / n;
  const auto drawn = [=](uint64_t which, int64_t round, int64_t first, int64_t count) {
    std::vector<int64_t> rows;
    for (int64_t i = first; i < first + count; ++i)
      rows.push_back(
          std::min(n - 1, static_cast<int64_t>(static_cast<double>(n) *
                                               statistics::uniform_at(
                                                   statistics::scattered(seed, which), i, round))));
    return inputs.index_select(0, torch::tensor(rows, torch::kInt64));
  };
  return {.draw = [=](int64_t round, int64_t first, int64_t count) -> Exchanged {
            const Tensor other = drawn(1, round, first, count);
            if (!all) return {.source = drawn(0, round, first, count), .other = other};
            const Tensor next = (at::arange(first, first + count, at::kLong) + round).remainder(n);
            return {.source = inputs.index_select(0, next), .other = other, .rows = next};
          },
          .rounds = all ? n : 1,
          .rounds_of_pairs = all ? std::clamp<int64_t>(kMostPairs / n, 1, n) : 1,
          .listed = all ? inputs : Tensor(),
          .unmapped = unmapped};
}

InterchangePlan plan_interchange(const Experiment& experiment, const Interchange& interchange,
                                 int64_t n_pos) {
  const std::vector<Step>& steps = experiment.program.steps;
  InterchangePlan plan{.interchange = &interchange};
  for (size_t v = 0; v < steps.size(); ++v) {
    if (v == experiment.program.output) continue;
    plan.nodes.push_back(interchange.unmapped ? mapped_node(experiment, v, n_pos)
                                              : MappedNode{.step = v});
  }
  for (size_t i = 0; i < plan.nodes.size(); ++i)
    for (size_t j = i + 1; j < plan.nodes.size(); ++j)
      if (!overlap(steps[plan.nodes[i].step], steps[plan.nodes[j].step]))
        plan.pairs.emplace_back(i, j);
  if (interchange.unmapped)
    if (MappedNode around = around_all(experiment, n_pos); !around.parts.empty())
      plan.nodes.push_back(std::move(around));
  if (interchange.exhaustive()) plan.sources = list_sources(experiment, interchange.listed);
  return plan;
}

void add_empty_rows(const Program& program, const InterchangePlan& plan, CheckResult& result) {
  const bool drawn = !plan.interchange->exhaustive();
  for (const MappedNode& node : plan.nodes) {
    NodeResult& of = result.nodes[node.step];
    if (node.step != program.output)
      for (const Axiom axiom : {Axiom::II, Axiom::IA})
        of.interchanged[axiom] = without_counts(node, axiom, drawn);
    if (!node.parts.empty()) of.interchanged[Axiom::UM] = without_counts(node, Axiom::UM, drawn);
  }
  for (const auto& [one, other] : plan.pairs) {
    const auto name = [&](size_t node) { return program.steps[plan.nodes[node].step].name; };
    NodeResult pair{.node = fmt::format("{}+{}", name(one), name(other)), .axioms = {}};
    for (const Axiom axiom : {Axiom::II, Axiom::IA})
      pair.interchanged[axiom] = without_counts({}, axiom, /*drawn=*/true);
    result.pairs.push_back(std::move(pair));
  }
}

void count_interchanges(const Experiment& experiment, const InterchangePlan& plan,
                        const Observation& seen, const interp::Chunk& chunk, int64_t witnesses,
                        CheckResult& counted) {
  const Checked own = checked(experiment, plan, seen);
  for (int64_t round = 0; round < plan.interchange->rounds; ++round) {
    if (plan.stop && *plan.stop) return;
    const bool of_pairs = !plan.pairs.empty() && round < plan.interchange->rounds_of_pairs;
    const Batch batch = batch_of(experiment, plan, own,
                                 plan.interchange->draw(round, chunk.first, chunk.count), of_pairs);
    const Tally tally{batch, chunk.first, witnesses};
    for (size_t node = 0; node < plan.nodes.size(); ++node) {
      NodeResult& result = counted.nodes[plan.nodes[node].step];
      if (plan.nodes[node].step != experiment.program.output) exchange(tally, {node}, result);
      if (!plan.nodes[node].parts.empty()) resample_unmapped(tally, node, result[Axiom::UM]);
    }
    if (!of_pairs) continue;
    for (size_t i = 0; i < plan.pairs.size(); ++i)
      exchange(tally, {plan.pairs[i].first, plan.pairs[i].second}, counted.pairs[i]);
  }
}

}  // namespace assay::axioms
