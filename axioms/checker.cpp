#include "axioms/checker.h"

#include <torch/types.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "axioms/interchange.h"
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
  const Tensor values = value.cpu().contiguous(), decisions = decision.cpu().contiguous();
  const size_t size = values.nbytes() / values.size(0);
  const auto* bytes = static_cast<const char*>(values.data_ptr());
  const auto* decided_of = decisions.data_ptr<int64_t>();
  for (int64_t row = 0; row < values.size(0); ++row) {
    const int64_t decided = decided_of[row];
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
  for (const auto& [axiom, of_part] : part.interchanged) add(total[axiom], of_part, witnesses);
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
  if (part.exchange) {
    if (!total.exchange) total.exchange.emplace();
    *total.exchange += *part.exchange;
  }
  std::ranges::copy(part.witnesses, std::back_inserter(total.witnesses));
  // Chunks and parts come in any order; the first failing inputs are kept all the same.
  std::ranges::sort(total.witnesses, {}, &Witness::input);
  if (std::ssize(total.witnesses) > kept) total.witnesses.resize(kept);
}

namespace {

/// How many failing inputs are still to be kept, by node and axiom. What chunks give is counted in
/// the order of the inputs, so one that comes later has none to give where there are enough.
using Missing = std::vector<std::array<int64_t, 4>>;

/// What one chunk adds to the result.
struct Counted {
  interp::Chunk chunk;
  CheckResult result;
};

/// Leaves a chunk that is no longer wanted.
struct Stopped {};

Counted count_chunk(const Experiment& experiment, const Inputs& inputs, const interp::Chunk& chunk,
                    const CheckConfig& config, const Missing& missing,
                    const InterchangePlan* plan) {
  const at::NoGradGuard no_grad;
  const Tensor tokens = inputs(chunk.first, chunk.count).to(experiment.network.device());
  const Observation seen = observe(experiment, tokens);
  std::optional<FeatureTally> tally;
  if (config.features) tally.emplace(*config.features, config.division, tokens, chunk.first);
  const auto [own, others] = pairs_of_unrelated(chunk.first, chunk.count);
  const Pairs pairs{own.to(tokens.device()), others.to(tokens.device())};
  CheckResult result;
  for (size_t v = 0; v < experiment.program.steps.size(); ++v) {
    if (config.stop && *config.stop) throw Stopped();
    result.nodes.push_back(
        check_node(experiment, v, seen, pairs,
                   {.tokens = tokens,
                    .first = chunk.first,
                    .witnesses = missing[v],
                    .by_features = tally ? &*tally : nullptr},
                   std::ranges::count(config.not_replaced, experiment.program.steps[v].name) == 0));
  }
  count(result.readings, seen.actual[experiment.program.output], seen.decision);
  if (tally) result.by_features = tally->counts();
  if (plan) {
    add_empty_rows(experiment.program, *plan, result);
    count_interchanges(experiment, *plan, seen, chunk, config.witnesses, result);
    if (config.stop && *config.stop) throw Stopped();
  }
  return {chunk, std::move(result)};
}

/// Adds up chunks in the order of their inputs, whichever comes first, until there are enough.
class InOrder {
 public:
  InOrder(const Program& program, const InterchangePlan* plan, const CheckConfig& config,
          interp::Ranges asked)
      : config_(config), asked_(std::move(asked)), of_(interp::count_of(asked_)) {
    for (const Step& step : program.steps)
      result_.nodes.push_back({.node = step.name, .axioms = {}});
    if (plan) add_empty_rows(program, *plan, result_);
  }

  Missing missing() {
    const std::lock_guard lock(mutex_);
    Missing missing(result_.nodes.size());
    for (size_t v = 0; v < missing.size(); ++v)
      for (size_t axiom = 0; axiom < missing[v].size(); ++axiom)
        missing[v][axiom] =
            config_.witnesses - std::ssize(result_.nodes[v].axioms[axiom].witnesses);
    return missing;
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
    for (size_t v = 0; v < counted.result.nodes.size(); ++v)
      add_node(result_.nodes[v], counted.result.nodes[v], config_.witnesses);
    for (size_t i = 0; i < counted.result.pairs.size(); ++i)
      add_node(result_.pairs[i], counted.result.pairs[i], config_.witnesses);
    result_.readings += counted.result.readings;
    result_.by_features += counted.result.by_features;
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
  std::optional<InterchangePlan> plan;
  if (config.interchange) {
    plan = plan_interchange(experiment, *config.interchange, inputs(0, 1).size(1));
    plan->stop = config.stop;
  }
  const InterchangePlan* planned = plan ? &*plan : nullptr;
  InOrder all(experiment.program, planned, config, asked);
  interp::for_each_in(asked, chunks, [&](const interp::Chunk& chunk) {
    try {
      if (!all.ended())
        all.add(count_chunk(experiment, inputs, chunk, config, all.missing(), planned));
    } catch (...) {  // functions of a caller end early, too, when the check is to stop
      if (!all.ended()) throw;
    }
  });
  return all.result();
}

}  // namespace assay::axioms
