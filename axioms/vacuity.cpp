#include "axioms/vacuity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <string_view>

#include "axioms/claimed_graph.h"
#include "axioms/interventions.h"
#include "interp/execution/chunks.h"
#include "interp/network/network.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Step;
using circuits::Value;
using interp::Found;
using interp::Site;

constexpr const char* kPrefixwise =
    "each prefix of the network could compute what its abstract prefix computes";
constexpr const char* kComponentwise =
    "each component of the network could compute what its abstract component computes";
constexpr int64_t kIntervened = 512;  // inputs on which the network is run again
constexpr int64_t kInputsPerAnswer = 10;
constexpr int64_t kFewPairs = 5;  // with fewer, a change of decision may well not be seen
constexpr int64_t kDifferingPairs = 20;
constexpr double kCollapsed = 0.05;   // of what the answer leaves unexplained in the values
constexpr double kRounding = 1e-6;    // values that the answer explains but for rounding
constexpr double kOfTheAnswer = 0.5;  // of the variance: values that are about something else, too
constexpr double kPassedOn = 0.95;    // decisions kept without what comes after: it passes on
constexpr double kWeakGrip = 0.05;    // of the pairs: replacing the value hardly asks the network
constexpr double kWeakEquality = 0.95;
constexpr double kHidden = 0.1;  // of the inputs: more than what an honest claim gets wrong

/// What was found of one interpretation.
class Inquiry {
 public:
  Inquiry(const Experiment& experiment, const Tensor& tokens, bool exhaustive)
      : experiment_(experiment),
        places_(experiment.network.places()),
        graph_(experiment.program, tokens),
        n_answers_(distinct(graph_.answers())) {
    const int64_t least = exhaustive ? 0 : kInputsPerAnswer * n_answers_;
    telling_ = n_answers_ > 1 && n() >= least;
    result_.inputs = n();
  }

  Vacuity run();

 private:
  const Step& step(int v) const { return graph_.step(v); }
  bool is_output(int v) const { return v == graph_.output(); }
  int64_t n() const { return graph_.n(); }
  Site decision() const { return experiment_.decision.site(experiment_.network); }
  interp::Around path_around(const Steps& steps) const {
    return experiment_.network.path_around(graph_.sites_of(steps), decision());
  }

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
  void leave_untested_if_open(const std::string& node, const interp::Around& around,
                              const char* what, const char* way, const char* consequence);

  void look_at_answers();
  void look_at_sites();
  void look_at_unseen_inputs(int v);
  void look_at_parts(const Steps& taking_part);
  bool is_the_input(int v) const;
  void look_at_written_answer(int v);
  void object_to_written_answer(int v, const WrittenStates& written, const std::string& values);
  void look_at_early_answer(int v);
  void look_at_components(const Steps& parts, const Steps& answers);
  void look_at_open_cut(int v, const Steps& parts);
  void look_at_repeats();
  void look_at_interventions();
  void look_at_grip(int v, const Grip& grip);
  void look_at_equality(int v, const EqualityStrength& equality);

  const Experiment& experiment_;
  const interp::Places& places_;
  ClaimedGraph graph_;
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

void Inquiry::leave_untested_if_open(const std::string& node, const interp::Around& around,
                                     const char* what, const char* way, const char* consequence) {
  if (around.found == Found::Yes)
    leave_untested(node, fmt::format("{} no complete cut: the network can {} by {}, {}", what, way,
                                     path_text(around.path), consequence));
  if (around.found == Found::Unknown)
    leave_untested(node, fmt::format("it is not known whether {} a complete cut: of this network "
                                     "nobody has said what its places read",
                                     what));
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
  for (int v = 0; v < graph_.size(); ++v)
    if (experiment_.network.reaches(step(v).sites, decision()) == Found::No)
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
      behind.merge(graph_.ancestors(other));
    }
    if (others.empty() || (parent >= 0 && !behind.contains(parent))) continue;
    if (path_around(others).found != Found::No) continue;
    object(v, "unseen input", kComponentwise,
           fmt::format("h reads {}, which the network cannot see there: its other parents' sites "
                       "are a complete cut behind it",
                       parent < 0 ? circuits::kTokens : step(parent).name));
  }
}

// --- which nodes take part in computing the answer

void Inquiry::look_at_parts(const Steps& taking_part) {
  const Steps leading = graph_.ancestors(graph_.output());
  for (int v = 0; v < graph_.size(); ++v) {
    if (is_output(v) || taking_part.contains(v)) continue;
    if (!leading.contains(v))
      object(v, "no part", kComponentwise,
             "no path of the graph leads from it to the output, so that no answer depends on it");
    else if (!graph_.constant(v))
      object(v, "no part", kComponentwise,
             fmt::format("giving it the value of another input changes none of the "
                         "interpretation's answers on {} inputs: the graph does not use it",
                         n()));
  }
}

// --- values that are something else by another name

// The tokens, where no attention or MLP has seen them yet.
bool Inquiry::is_the_input(int v) const {
  return std::ranges::all_of(step(v).sites,
                             [&](const Site& site) {
                               return interp::is_embedding(places_, places_.at(site.place));
                             }) &&
         graph_.tells_the_tokens(v);
}

void Inquiry::object_to_written_answer(int v, const WrittenStates& written,
                                       const std::string& values) {
  object(v, "written answer", kComponentwise,
         fmt::format("the answer alone explains {:.1f}% of the variance of what gamma writes, but "
                     "{:.1f}% of that of {}: what comes after is given the answer, not the value",
                     100 * written.explained, 100 * written.values_explained, values));
}

void Inquiry::look_at_written_answer(int v) {
  const Value& value = graph_.value(v);
  VarianceExplained of_states(graph_.answers()), of_values(graph_.answers());
  of_values.add(value.unsqueeze(-1).flatten(1));
  if (of_values.value() >= kDetermined) return;  // then γ can hardly write more than the answer
  const interp::Chunks chunks(n(), experiment_.network.inputs_per_run());
  chunks.in_turn([&](const interp::Chunk& chunk) {  // written states are large
    of_states.add(written_states(step(v), value.narrow(0, chunk.first, chunk.count)));
  });
  if (of_states.value() < kDetermined) return;
  object_to_written_answer(
      v, {.explained = of_states.value(), .values_explained = of_values.value()},
      fmt::format("the {} values that occur on {} inputs", distinct(graph_.keys(v)), n()));
}

void Inquiry::look_at_early_answer(int v) {
  if (places_.components.empty())
    return leave_untested(
        step(v).name,
        fmt::format("on {} inputs its value, or one element of it, is the answer by another name; "
                    "what this network computes after its sites is not known",
                    n()));
  const std::vector<Site> later = later_components(step(v), places_);
  if (later.empty()) return;
  const Tensor tokens = graph_.tokens().narrow(0, 0, std::min(kIntervened, n()));
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
  // Where cuts are not known, no claim can rest on one, be it about the output alone.
  const interp::Around around = path_around(inner.empty() ? parts : inner);
  if (!inner.empty() || around.found == Found::Unknown)
    leave_untested_if_open("", around, "the nodes that take part are", "also compute its answer",
                           "of which nothing is said");
  if (!inner.empty()) return;
  if (!inputs.empty() && std::ranges::any_of(parts, [&](int v) { return answers.contains(v); }))
    return;  // everything happens between two places, which are named
  std::vector<std::string> renamed;
  for (const int v : parts) renamed.push_back(step(v).name);
  const std::string reason =
      renamed.empty()
          ? std::string("no inner node takes part in the answer")
          : fmt::format("the only inner nodes ({}) are {} by another name",
                        fmt::join(renamed, ", "), inputs.empty() ? "the answer" : "the tokens");
  object(graph_.output(), "one component", kComponentwise,
         fmt::format("{}, so the whole program stands for the whole network, and how either "
                     "computes it is left open",
                     reason));
}

// Nodes side by side may cut the network together.
void Inquiry::look_at_open_cut(int v, const Steps& parts) {
  Steps beside = {v};
  const Steps before = graph_.ancestors(v);
  for (const int other : parts)
    if (!before.contains(other) && !graph_.ancestors(other).contains(v)) beside.insert(other);
  leave_untested_if_open(step(v).name, path_around(beside), "its sites are", "still know",
                         "whatever is written there");
}

void Inquiry::look_at_repeats() {
  for (int v = 0; v < graph_.size(); ++v)
    for (int earlier = 0; earlier < v; ++earlier) {
      if (is_output(v) || is_output(earlier) || graph_.constant(v)) continue;
      if (!same_partition(graph_.keys(v), graph_.keys(earlier))) continue;
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

void Inquiry::look_at_grip(int v, const Grip& grip) {
  const auto share = static_cast<double>(grip.followed) / static_cast<double>(grip.pairs);
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
}

void Inquiry::look_at_equality(int v, const EqualityStrength& equality) {
  const auto& [differing, called_equal, explained, inputs, hidden] = equality;
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

void Inquiry::look_at_interventions() {
  const Interventions found =
      intervene(experiment_, graph_.tokens().narrow(0, 0, std::min(kIntervened, n())));
  result_.grips = found.grips;
  for (int v = 0; v < graph_.size(); ++v) {
    if (graph_.constant(v)) continue;  // said elsewhere
    look_at_grip(v, found.grips[v]);
    const auto& [states, values] = found.written[v];
    if (!is_output(v) && !objected(v, "written answer") && 1 - values > kRounding &&
        1 - states < kCollapsed * (1 - values))
      object_to_written_answer(v, found.written[v], "the network's values");
    look_at_equality(v, found.equalities[v]);
  }
}

Vacuity Inquiry::run() {
  look_at_answers();
  look_at_sites();
  for (int v = 0; v < graph_.size(); ++v) look_at_unseen_inputs(v);
  const Steps taking_part = telling_ ? graph_.parts() : graph_.ancestors(graph_.output());
  look_at_parts(taking_part);
  Steps answers;
  for (int v = 0; v < graph_.size(); ++v) {
    if (graph_.constant(v) && n() > 1)
      leave_untested(step(v).name, fmt::format("its value is the same on all {} inputs", n()));
    if (is_output(v)) continue;
    look_at_open_cut(v, taking_part);
    if (!telling_ || graph_.constant(v)) continue;
    look_at_written_answer(v);
    if (!graph_.is_the_answer(v)) continue;
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

Vacuity vacuity(const Experiment& experiment, const Inputs& inputs, int64_t count,
                bool exhaustive) {
  const at::NoGradGuard no_grad;
  require_consistent(experiment);
  const Tensor tokens = inputs(0, std::min(count, kVacuityInputs)).to(experiment.network.device());
  return Inquiry(experiment, tokens, exhaustive).run();
}

void add_readings(Vacuity& vacuity, const Experiment& experiment, const Readings& readings) {
  add_readings(vacuity, experiment.program.steps[experiment.program.output].name, readings);
}

void add_readings(Vacuity& vacuity, const std::string& output, const Readings& readings) {
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
