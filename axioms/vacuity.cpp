#include "axioms/vacuity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "axioms/determination.h"
#include "axioms/interventions.h"
#include "circuits/abstract_values.h"
#include "circuits/cut.h"
#include "interp/statistics/random.h"
#include "interp/transformer.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Program;
using circuits::Step;
using circuits::Value;
using interp::Hook;
using interp::Site;

constexpr const char* kPrefixwise =
    "each prefix of the network could compute what its abstract prefix computes";
constexpr const char* kComponentwise =
    "each component of the network could compute what its abstract component computes";
constexpr int64_t kStatesAtOnce = 128;  // inputs whose written states are held at once
constexpr int64_t kIntervened = 512;    // inputs on which the network is run again
constexpr int64_t kInputsPerAnswer = 10;
constexpr int64_t kFewPairs = 5;  // with fewer, a change of decision may well not be seen
constexpr int64_t kDifferingPairs = 20;
constexpr double kDetermined =
    0.8;  // of the variance or of the wrong guesses: the same but for noise
constexpr double kCollapsed = 0.05;   // of what the answer leaves unexplained in the values
constexpr double kRounding = 1e-6;    // values that the answer explains but for rounding
constexpr double kOfTheAnswer = 0.5;  // of the variance: values that are about something else, too
constexpr double kPassedOn = 0.95;    // decisions kept without what comes after: it passes on
constexpr double kWeakGrip = 0.05;    // of the pairs: replacing the value hardly asks the network
constexpr double kWeakEquality = 0.95;
constexpr double kHidden = 0.1;  // of the inputs: more than what an honest claim gets wrong
constexpr uint64_t kShuffleSeed = 828;

using Steps = std::set<int>;

/// The interpretation on the inputs that are looked at, and what was found.
class Inquiry {
 public:
  Inquiry(const Experiment& experiment, const Tensor& tokens, bool exhaustive)
      : experiment_(experiment),
        program_(experiment.program),
        tokens_(tokens),
        values_(circuits::prefix_values(program_, tokens)),
        answers_(keys_of(values_[program_.output])),
        n_answers_(distinct(answers_)) {
    for (const Value& value : values_) keys_.push_back(keys_of(value));
    const int64_t least = exhaustive ? 0 : kInputsPerAnswer * n_answers_;
    telling_ = n_answers_ > 1 && std::ssize(answers_) >= least;
    result_.inputs = tokens.size(0);
  }

  Vacuity run();

 private:
  const Step& step(int v) const { return program_.steps[v]; }
  int output() const { return static_cast<int>(program_.output); }
  bool is_output(int v) const { return v == output(); }
  int n_steps() const { return static_cast<int>(program_.steps.size()); }
  bool constant(int v) const { return distinct(keys_[v]) == 1; }
  int64_t n() const { return tokens_.size(0); }
  std::vector<Site> sites_of(const Steps& steps) const;
  std::vector<std::string> path_around(const Steps& steps) const;
  Steps ancestors(int of) const;

  void object(int v, const char* kind, const char* violates, std::string reason) {
    result_.objections.push_back({step(v).name, kind, violates, std::move(reason)});
  }
  bool objected(int v, std::string_view kind) const {
    return std::ranges::any_of(result_.objections, [&](const Objection& one) {
      return one.node == step(v).name && one.kind == kind;
    });
  }
  void leave_untested(const std::string& node, std::string reason) {
    result_.untested.push_back({node, std::move(reason)});
  }

  void look_at_answers();
  void look_at_sites();
  void look_at_unseen_inputs(int v);
  void look_at_parts(const Steps& taking_part);
  bool matters(int v, size_t parent) const;
  Steps parts() const;
  bool is_the_answer(int v) const;
  bool is_the_input(int v) const;
  void look_at_written_answer(int v);
  void object_to_written_answer(int v, const WrittenStates& written, const std::string& values);
  void look_at_early_answer(int v);
  void look_at_components(const Steps& parts, const Steps& answers);
  void look_at_open_cut(int v, const Steps& parts);
  void look_at_repeats();
  void look_at_interventions();

  const Experiment& experiment_;
  const Program& program_;
  Tensor tokens_;              // [n, pos]
  std::vector<Value> values_;  // H_v
  std::vector<Keys> keys_;     // of H_v
  Keys answers_;               // of H at the output
  int64_t n_answers_ = 0;
  bool telling_ = false;  // enough inputs and answers to compare values with answers
  Vacuity result_;
};

std::string names_of_sites(const std::vector<Site>& sites) {
  std::vector<std::string> names;
  for (const Site& site : sites) names.push_back(interp::to_string(site));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string path_text(const std::vector<std::string>& path) {
  if (path.size() <= 6) return fmt::format("{}", fmt::join(path, " -> "));
  const auto part = [&](size_t first, size_t last) {
    return fmt::format("{}", fmt::join(path.begin() + first, path.begin() + last, " -> "));
  };
  return fmt::format("{} -> … -> {}", part(0, 3), part(path.size() - 2, path.size()));
}

std::vector<Site> Inquiry::sites_of(const Steps& steps) const {
  std::vector<Site> sites;
  for (const int v : steps) sites.insert(sites.end(), step(v).sites.begin(), step(v).sites.end());
  return sites;
}

std::vector<std::string> Inquiry::path_around(const Steps& steps) const {
  return circuits::path_around(sites_of(steps), experiment_.model.config(),
                               experiment_.decision.readout);
}

// Steps from which a path of the graph leads to `of`.
Steps Inquiry::ancestors(int of) const {
  Steps found;
  std::vector<int> next = {of};
  while (!next.empty()) {
    const int v = next.back();
    next.pop_back();
    for (const int parent : step(v).parents)
      if (parent >= 0 && found.insert(parent).second) next.push_back(parent);
  }
  return found;
}

// --- what can be asked of the inputs at all

void Inquiry::look_at_answers() {
  if (telling_) return;
  const std::string why = n_answers_ < 2
                              ? "the interpretation gives one answer to all of them"
                              : fmt::format(
                                    "{} of them are needed for each of the {} answers that "
                                    "occur",
                                    kInputsPerAnswer, n_answers_);
  leave_untested("", fmt::format("whether values are the answer by another name, and whether "
                                 "anything hangs on them, cannot be told from {} inputs: {}",
                                 n(), why));
}

// --- sites

void Inquiry::look_at_sites() {
  for (int v = 0; v < n_steps(); ++v)
    if (!circuits::reaches_readout(step(v).sites, experiment_.model.config(),
                                   experiment_.decision.readout))
      object(v, "dead site", kComponentwise,
             fmt::format("nothing at its sites ({}) can reach the logits at position {}, so that "
                         "whatever is written there changes no answer",
                         names_of_sites(step(v).sites), experiment_.decision.readout));
}

void Inquiry::look_at_unseen_inputs(int v) {
  for (const int parent : step(v).parents) {
    Steps others, behind;
    for (const int other : step(v).parents) {
      if (other == parent || other < 0) continue;
      others.insert(other);
      behind.merge(ancestors(other));
    }
    if (others.empty() || (parent >= 0 && !behind.contains(parent))) continue;
    if (!path_around(others).empty()) continue;
    object(v, "unseen input", kComponentwise,
           fmt::format("h reads {}, which the network cannot see there: its other parents' sites "
                       "are a complete cut behind it",
                       parent < 0 ? circuits::kTokens : step(parent).name));
  }
}

// --- which nodes take part in computing the answer

// Does the graph's answer change on any input, if v gets the value that one parent has on another
// input?
bool Inquiry::matters(int v, size_t parent) const {
  statistics::Engine engine(kShuffleSeed);
  const Tensor shuffled =
      torch::tensor(statistics::permutation(engine, n()), torch::kInt64).to(tokens_.device());
  std::vector<Value> parents;
  for (const int p : step(v).parents) parents.push_back(p < 0 ? tokens_ : values_[p]);
  parents[parent] = parents[parent].index_select(0, shuffled);
  const Value changed = step(v).h(parents);
  return keys_of(conclusion(program_, v, values_, tokens_, changed)) != answers_;
}

// Inner steps that the output depends on, by edges that matter.
Steps Inquiry::parts() const {
  Steps found;
  std::vector<int> next = {output()};
  while (!next.empty()) {
    const int v = next.back();
    next.pop_back();
    for (size_t i = 0; i < step(v).parents.size(); ++i) {
      const int parent = step(v).parents[i];
      if (parent >= 0 && !found.contains(parent) && matters(v, i)) {
        found.insert(parent);
        next.push_back(parent);
      }
    }
  }
  return found;
}

void Inquiry::look_at_parts(const Steps& taking_part) {
  const Steps leading = ancestors(output());
  for (int v = 0; v < n_steps(); ++v) {
    if (is_output(v) || taking_part.contains(v)) continue;
    if (!leading.contains(v))
      object(v, "no part", kComponentwise,
             "no path of the graph leads from it to the output, so that no answer depends on it");
    else if (!constant(v))
      object(v, "no part", kComponentwise,
             fmt::format("giving it the value of another input changes none of the "
                         "interpretation's answers on {} inputs: the graph does not use it",
                         n()));
  }
}

// --- values that are something else by another name

bool Inquiry::is_the_answer(int v) const {
  const Tensor value = values_[v].unsqueeze(-1).flatten(1);
  const auto tells = [&](const Tensor& part) {
    return error_avoided(answers_, keys_of(part)) >= kDetermined;
  };
  const Tensor explained = variance_explained(value, answers_);
  for (int64_t i = 0; i < value.size(1); ++i)
    if (explained[i].item<double>() >= kDetermined && tells(value.select(1, i))) return true;
  VarianceExplained whole(answers_);
  whole.add(value);
  return whole.value() >= kDetermined && tells(value);
}

// The tokens, where no attention or MLP has seen them yet.
bool Inquiry::is_the_input(int v) const {
  const auto before_all = [](const Site& site) {
    const auto [hook, layer] = site.place;
    return hook == Hook::Embed || hook == Hook::PosEmbed ||
           (layer == 0 && (hook == Hook::ResidPre || hook == Hook::Ln1));
  };
  return std::ranges::all_of(step(v).sites, before_all) &&
         same_partition(keys_[v], keys_of(tokens_));
}

void Inquiry::object_to_written_answer(int v, const WrittenStates& written,
                                       const std::string& values) {
  object(v, "written answer", kComponentwise,
         fmt::format("the answer alone explains {:.1f}% of the variance of what gamma writes, but "
                     "{:.1f}% of that of {}: what comes after is given the answer, not the value",
                     100 * written.explained, 100 * written.values_explained, values));
}

void Inquiry::look_at_written_answer(int v) {
  const Value& value = values_[v];
  VarianceExplained of_states(answers_), of_values(answers_);
  of_values.add(value.unsqueeze(-1).flatten(1));
  if (of_values.value() >= kDetermined) return;  // then γ can hardly write more than the answer
  for (int64_t first = 0; first < n(); first += kStatesAtOnce) {
    const int64_t batch = std::min(kStatesAtOnce, n() - first);
    of_states.add(written_states(step(v), value.narrow(0, first, batch)));
  }
  if (of_states.value() < kDetermined) return;
  object_to_written_answer(
      v, {.explained = of_states.value(), .values_explained = of_values.value()},
      fmt::format("the {} values that occur on {} inputs", distinct(keys_[v]), n()));
}

void Inquiry::look_at_early_answer(int v) {
  const std::vector<Site> later = later_components(step(v), experiment_.model.config());
  if (later.empty()) return;
  const Tensor tokens = tokens_.narrow(0, 0, std::min(kIntervened, n()));
  const double kept = kept_decisions(experiment_, tokens, later);
  if (kept >= kPassedOn) return;
  object(v, "early answer", kPrefixwise,
         fmt::format("on {} inputs its value, or one element of it, is the answer by another name; "
                     "but with what comes after its sites ({}) held at the mean, the network keeps "
                     "only {:.1f}% of its decisions",
                     n(), names_of_sites(later), 100 * kept));
}

// --- the nodes together

void Inquiry::look_at_components(const Steps& parts, const Steps& answers) {
  Steps inner, inputs;
  for (const int v : parts) {
    if (is_the_input(v))
      inputs.insert(v);
    else if (!answers.contains(v))
      inner.insert(v);
  }
  if (!inner.empty()) {
    const auto path = path_around(inner);
    if (!path.empty())
      leave_untested("",
                     fmt::format("the nodes that take part are no complete cut: the network can "
                                 "also compute its answer by {}, of which nothing is said",
                                 path_text(path)));
    return;
  }
  if (!inputs.empty() && std::ranges::any_of(parts, [&](int v) { return answers.contains(v); }))
    return;  // everything happens between two places, which are named
  std::vector<std::string> renamed;
  for (const int v : parts) renamed.push_back(step(v).name);
  const std::string reason =
      renamed.empty()
          ? std::string("no inner node takes part in the answer")
          : fmt::format("the only inner nodes ({}) are {} by another name",
                        fmt::join(renamed, ", "), inputs.empty() ? "the answer" : "the tokens");
  object(output(), "one component", kComponentwise,
         fmt::format("{}, so the whole program stands for the whole network, and how either "
                     "computes it is left open",
                     reason));
}

// Nodes side by side may cut the network together.
void Inquiry::look_at_open_cut(int v, const Steps& parts) {
  Steps beside = {v};
  const Steps before = ancestors(v);
  for (const int other : parts)
    if (!before.contains(other) && !ancestors(other).contains(v)) beside.insert(other);
  const auto path = path_around(beside);
  if (!path.empty())
    leave_untested(step(v).name,
                   fmt::format("its sites are no complete cut: the network can still know by {}, "
                               "whatever is written there",
                               path_text(path)));
}

void Inquiry::look_at_repeats() {
  for (int v = 0; v < n_steps(); ++v)
    for (int earlier = 0; earlier < v; ++earlier) {
      if (is_output(v) || is_output(earlier) || constant(v)) continue;
      if (!same_partition(keys_[v], keys_[earlier])) continue;
      if (step(v).sites == step(earlier).sites)
        object(v, "repeat", kComponentwise,
               fmt::format("its value on {} inputs is that of {}, at the same sites", n(),
                           step(earlier).name));
      else
        result_.remarks.push_back(
            {step(v).name, fmt::format("its value on {} inputs is that of {} by another name", n(),
                                       step(earlier).name)});
    }
}

// --- runs of the network

void Inquiry::look_at_interventions() {
  const Interventions found =
      intervene(experiment_, tokens_.narrow(0, 0, std::min(kIntervened, n())));
  result_.grips = found.grips;
  for (int v = 0; v < n_steps(); ++v) {
    const Grip& grip = found.grips[v];
    const auto share = static_cast<double>(grip.followed) / static_cast<double>(grip.pairs);
    if (constant(v)) continue;  // said elsewhere
    if (grip.pairs < kFewPairs)
      leave_untested(step(v).name,
                     fmt::format("only {} of {} pairs of inputs are decided differently: whether "
                                 "anything hangs on what is written at its sites cannot be told",
                                 grip.pairs, grip.inputs));
    else if (grip.changed == 0)
      object(v, "no grip", kComponentwise,
             fmt::format("the value of another input, written at its sites, changes none of {} "
                         "decisions: the network does not use what is written there",
                         grip.inputs));
    else if (share < kWeakGrip)
      leave_untested(step(v).name,
                     fmt::format("the value of another input, written at its sites, carries only "
                                 "{} of {} inputs to that input's answer: what is written there is "
                                 "a small part of what decides",
                                 grip.followed, grip.pairs));
    const auto& [states, values] = found.written[v];
    if (!is_output(v) && !objected(v, "written answer") && 1 - values > kRounding &&
        1 - states < kCollapsed * (1 - values))
      object_to_written_answer(v, found.written[v], "the network's values");
    const auto& [differing, called_equal, explained, inputs, hidden] = found.equalities[v];
    const auto at_least = [](int64_t part, double share, int64_t of) {
      return static_cast<double>(part) >= share * static_cast<double>(of);
    };
    if (differing >= kDifferingPairs && explained < kOfTheAnswer &&
        at_least(called_equal, kWeakEquality, differing) && at_least(hidden, kHidden, inputs))
      object(v, "weak equality", kComponentwise,
             fmt::format("on {} of {} inputs the network's value is another one than the "
                         "interpretation's and counts as equal; so do {} of {} values of unrelated "
                         "inputs with the same answer: the equality compares answers, not values",
                         hidden, inputs, called_equal, differing));
  }
}

Vacuity Inquiry::run() {
  look_at_answers();
  look_at_sites();
  for (int v = 0; v < n_steps(); ++v) look_at_unseen_inputs(v);
  const Steps taking_part = telling_ ? parts() : ancestors(output());
  look_at_parts(taking_part);
  Steps answers;
  for (int v = 0; v < n_steps(); ++v) {
    if (constant(v) && n() > 1)
      leave_untested(step(v).name, fmt::format("its value is the same on all {} inputs", n()));
    if (is_output(v)) continue;
    look_at_open_cut(v, taking_part);
    if (!telling_ || constant(v)) continue;
    look_at_written_answer(v);
    if (!is_the_answer(v)) continue;
    answers.insert(v);
    look_at_early_answer(v);
  }
  look_at_components(taking_part, answers);
  if (!telling_) return result_;
  look_at_repeats();
  look_at_interventions();
  return result_;
}

}  // namespace

nlohmann::ordered_json to_json(const Objection& objection) {
  return {{"node", objection.node},
          {"kind", objection.kind},
          {"violates", objection.violates},
          {"reason", objection.reason}};
}

nlohmann::ordered_json to_json(const Remark& remark) {
  return {{"node", remark.node}, {"text", remark.text}};
}

nlohmann::ordered_json to_json(const Grip& grip) {
  return {{"inputs", grip.inputs},
          {"changed", grip.changed},
          {"pairs", grip.pairs},
          {"followed", grip.followed}};
}

Vacuity vacuity(const Experiment& experiment, const Inputs& inputs, int64_t count,
                bool exhaustive) {
  const at::NoGradGuard no_grad;
  require_consistent(experiment);
  const Tensor tokens =
      inputs(0, std::min(count, kVacuityInputs)).to(experiment.model.W_E.device());
  return Inquiry(experiment, tokens, exhaustive).run();
}

void add_readings(Vacuity& vacuity, const Experiment& experiment, const Readings& readings) {
  const std::string& output = experiment.program.steps[experiment.program.output].name;
  int64_t inputs = 0;
  for (const auto& entry : readings.inputs) inputs += entry.second;
  if (readings.ties > 0)
    vacuity.remarks.push_back(
        {output, fmt::format("on {} inputs two answers share the highest logit: a tie, and no "
                             "decision for either",
                             readings.ties)});
  if (readings.decisions() < 2)
    vacuity.untested.push_back(
        {"", fmt::format("the network gives one answer on all {} inputs, so that no replaced run "
                         "can be told from another by its decision",
                         inputs + readings.ties)});
  else if (readings.misread() > 0)
    vacuity.objections.push_back(
        {output, "another decision", kComponentwise,
         fmt::format("alpha is not the network's answer under another name: on {} of {} inputs its "
                     "value belongs to another answer than the one that the network gives",
                     readings.misread(), inputs)});
}

}  // namespace assay::axioms
