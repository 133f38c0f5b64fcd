#include "axioms/checker.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

#include "circuits/interpretation/abstract_values.h"
#include "interp/execution/chunks.h"
#include "interp/network/network.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
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

// Rows in which A_v differs from H_v (PE), and from C_v (CE), by the step's equality. Downstream
// equality needs the replaced decisions, which are there already.
std::pair<Tensor, Tensor> unequal_values(const Experiment& experiment, size_t v,
                                         const Observation& seen, const Tensor& by_prefix,
                                         const Tensor& by_component) {
  const Step& step = experiment.program.steps[v];
  const Value &actual = seen.actual[v], &prefix = seen.prefix[v], &component = seen.component[v];
  if (step.equality)
    return {step.equality(actual, prefix).logical_not(),
            step.equality(actual, component).logical_not()};
  const auto effect = [&](const Tensor& replaced, const Value& value) -> Effect {
    return {replaced, conclusion(experiment.program, v, seen.prefix, seen.tokens, value)};
  };
  const Effect by_actual = effect_of(experiment, v, seen, actual);
  return {differ(by_actual, effect(by_prefix, prefix)),
          differ(by_actual, effect(by_component, component))};
}

/// Where failures of one chunk go, and how many of them are kept.
struct Keep {
  const Tensor& tokens;
  int64_t first;
  int64_t witnesses;
};

void count(AxiomResult& result, const Keep& keep, const Tensor& failed, const Value& network,
           const Value& interpretation) {
  const int64_t failures = failed.sum().item<int64_t>();
  result.estimate += {.n = failed.size(0), .failures = failures};
  if (failures == 0) return;
  const Tensor rows = failed.nonzero().flatten().cpu();
  for (int64_t i = 0; i < std::min(keep.witnesses, failures); ++i) {
    const int64_t row = rows[i].item<int64_t>();
    const Tensor tokens = keep.tokens[row].cpu().contiguous();
    result.witnesses.push_back(
        {.input = keep.first + row,
         .tokens = {tokens.data_ptr<int64_t>(), tokens.data_ptr<int64_t>() + tokens.numel()},
         .network = circuits::value_as_json(network[row].cpu()),
         .interpretation = circuits::value_as_json(interpretation[row].cpu())});
  }
}

statistics::Estimate count_differing(const Value& left, const Value& right) {
  return {.n = left.size(0), .failures = differ(left, right).sum().item<int64_t>()};
}

NodeResult check_node(const Experiment& experiment, size_t v, const Observation& seen,
                      const Keep& keep) {
  const Step& step = experiment.program.steps[v];
  const Value &actual = seen.actual[v], &prefix = seen.prefix[v], &component = seen.component[v];
  NodeResult result{.node = step.name, .axioms = {}};
  require_same_shape(step, actual, prefix);
  require_same_shape(step, actual, component);
  const auto [by_prefix, by_component] = replaced_decisions(experiment, v, seen);
  const auto [pe, ce] = unequal_values(experiment, v, seen, by_prefix, by_component);
  count(result[Axiom::PE], keep, pe, actual, prefix);
  count(result[Axiom::CE], keep, ce, actual, component);
  count(result[Axiom::PR], keep, seen.decision.ne(by_prefix), seen.decision, by_prefix);
  count(result[Axiom::CR], keep, seen.decision.ne(by_component), seen.decision, by_component);
  result.inherited = pe.logical_and(ce.logical_not()).sum().item<int64_t>();
  if (!step.equality)
    result.plain = {count_differing(actual, prefix), count_differing(actual, component)};
  return result;
}

// Which values of the output's alpha come with which decisions. Ties are left out: alpha may name
// any of the tied answers.
void count(Readings& readings, const Value& value, const Tensor& decision) {
  const Tensor values = value.cpu().contiguous(), decisions = decision.cpu();
  const size_t size = values.nbytes() / values.size(0);
  const auto* bytes = static_cast<const char*>(values.data_ptr());
  for (int64_t row = 0; row < values.size(0); ++row) {
    const int64_t decided = decisions[row].item<int64_t>();
    if (decided == kTie)
      ++readings.ties;
    else
      ++readings.inputs[{std::string(bytes + row * size, size), decided}];
  }
}

void add_node(NodeResult& total, const NodeResult& part, int64_t witnesses) {
  total.inherited += part.inherited;
  if (part.plain) {
    if (!total.plain) total.plain.emplace();
    for (size_t i = 0; i < part.plain->size(); ++i) (*total.plain)[i] += (*part.plain)[i];
  }
  for (const Axiom axiom : kAxioms) add(total[axiom], part[axiom], witnesses);
}

}  // namespace

int64_t Readings::misread() const {
  std::map<std::string, int64_t> commonest_of_value;
  std::map<int64_t, int64_t> commonest_of_decision;
  int64_t total = 0;
  for (const auto& [reading, n] : inputs) {
    total += n;
    int64_t& of_value = commonest_of_value[reading.first];
    int64_t& of_decision = commonest_of_decision[reading.second];
    of_value = std::max(of_value, n);
    of_decision = std::max(of_decision, n);
  }
  const auto sum = [](const auto& counts) {
    int64_t all = 0;
    for (const auto& entry : counts) all += entry.second;
    return all;
  };
  return total - std::min(sum(commonest_of_value), sum(commonest_of_decision));
}

int64_t Readings::decisions() const {
  std::set<int64_t> all;
  for (const auto& entry : inputs) all.insert(entry.first.second);
  return static_cast<int64_t>(all.size());
}

Readings& Readings::operator+=(const Readings& other) {
  ties += other.ties;
  for (const auto& [reading, n] : other.inputs) inputs[reading] += n;
  return *this;
}

void add(AxiomResult& total, const AxiomResult& part, int64_t kept) {
  total.estimate += part.estimate;
  std::ranges::copy(part.witnesses, std::back_inserter(total.witnesses));
  // Chunks and parts come in any order; the first failing inputs are kept all the same.
  std::ranges::sort(total.witnesses, {}, &Witness::input);
  if (std::ssize(total.witnesses) > kept) total.witnesses.resize(kept);
}

namespace {

/// What one chunk adds to the result.
struct Counted {
  interp::Chunk chunk;
  std::vector<NodeResult> nodes;
  Readings readings;
};

Counted count_chunk(const Experiment& experiment, const Inputs& inputs, const interp::Chunk& chunk,
                    int64_t witnesses) {
  const at::NoGradGuard no_grad;
  const Tensor tokens = inputs(chunk.first, chunk.count).to(experiment.network.device());
  const Observation seen = observe(experiment, tokens);
  const Keep keep{.tokens = tokens, .first = chunk.first, .witnesses = witnesses};
  Counted counted{.chunk = chunk, .nodes = {}, .readings = {}};
  for (size_t v = 0; v < experiment.program.steps.size(); ++v)
    counted.nodes.push_back(check_node(experiment, v, seen, keep));
  count(counted.readings, seen.actual[experiment.program.output], seen.decision);
  return counted;
}

/// Adds up chunks in the order of their inputs, whichever comes first, until there are enough.
class InOrder {
 public:
  InOrder(const Program& program, const CheckConfig& config, interp::Ranges asked)
      : config_(config), asked_(std::move(asked)), of_(interp::count_of(asked_)) {
    for (const Step& step : program.steps)
      result_.nodes.push_back({.node = step.name, .axioms = {}});
  }

  bool ended() const { return enough_ || (config_.stop && *config_.stop); }

  void add(Counted counted) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(counted.chunk.first, std::move(counted));
    while (!ended() && !waiting_.empty() && waiting_.begin()->first == next()) {
      take(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      if (config_.on_progress) config_.on_progress(result_.inputs, of_);
      enough_ = config_.enough && config_.enough(result_);
    }
  }

  CheckResult result() {
    result_.complete = enough_ || result_.inputs == of_;
    return std::move(result_);
  }

 private:
  int64_t next() const {  // the first input that was asked for and is not counted
    int64_t counted = result_.inputs;
    for (const interp::Range& range : asked_) {
      if (counted < range.count) return range.first + counted;
      counted -= range.count;
    }
    return -1;
  }
  void take(const Counted& counted) {
    for (size_t v = 0; v < counted.nodes.size(); ++v)
      add_node(result_.nodes[v], counted.nodes[v], config_.witnesses);
    result_.readings += counted.readings;
    result_.inputs += counted.chunk.count;
    result_.counted.push_back({counted.chunk.first, counted.chunk.count});
    result_.counted = interp::joined(std::move(result_.counted));
  }

  const CheckConfig& config_;
  interp::Ranges asked_;
  int64_t of_;
  std::mutex mutex_;
  std::map<int64_t, Counted> waiting_;  // by their first input
  std::atomic<bool> enough_ = false;
  CheckResult result_;
};

}  // namespace

CheckResult check(const Experiment& experiment, const Inputs& inputs, const CheckConfig& config) {
  require_consistent(experiment);
  const interp::Chunks chunks(config.inputs, experiment.network.inputs_per_run());
  const interp::Ranges asked = config.ranges.value_or(interp::Ranges{{0, config.inputs}});
  InOrder all(experiment.program, config, asked);
  interp::for_each_in(asked, chunks, [&](const interp::Chunk& chunk) {
    if (!all.ended()) all.add(count_chunk(experiment, inputs, chunk, config.witnesses));
  });
  return all.result();
}

}  // namespace assay::axioms
