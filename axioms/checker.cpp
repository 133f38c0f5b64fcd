#include "axioms/checker.h"

#include <torch/types.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "axioms/node_check.h"
#include "interp/execution/chunks.h"
#include "interp/network/network.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;

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

Counts& Counts::operator+=(const Counts& other) {
  estimate += other.estimate;
  unrelated += other.unrelated;
  return *this;
}

void add(AxiomResult& total, const AxiomResult& part, int64_t kept) {
  total.estimate += part.estimate;
  total.unrelated += part.unrelated;
  for (const auto& [answer, counts] : part.by_answer) total.by_answer[answer] += counts;
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
                    const CheckConfig& config) {
  const at::NoGradGuard no_grad;
  const Tensor tokens = inputs(chunk.first, chunk.count).to(experiment.network.device());
  const Observation seen = observe(experiment, tokens);
  const Keep keep{.tokens = tokens, .first = chunk.first, .witnesses = config.witnesses};
  const auto [own, others] = pairs_of_unrelated(chunk.first, chunk.count);
  const Pairs pairs{own.to(tokens.device()), others.to(tokens.device())};
  Counted counted{.chunk = chunk, .nodes = {}, .readings = {}};
  for (size_t v = 0; v < experiment.program.steps.size(); ++v)
    counted.nodes.push_back(
        check_node(experiment, v, seen, pairs, keep,
                   std::ranges::count(config.not_replaced, experiment.program.steps[v].name) == 0));
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
    if (!all.ended()) all.add(count_chunk(experiment, inputs, chunk, config));
  });
  return all.result();
}

}  // namespace assay::axioms
