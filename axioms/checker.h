#pragma once
// The checker: the four axioms on every node of an interpretation, over a stream of inputs.
//
// Per input x and node v, with A_v(x) = α_v(activations of x), H_v(x) = the graph evaluated on
// abstract values from the input, C_v(x) = h_v(A_parents(x)):
//   PE  A_v = H_v          PR  decision with S_v := γ_v(H_v) equals the decision on x
//   CE  A_v = C_v          CR  decision with S_v := γ_v(C_v) equals the decision on x
// (arXiv 2407.13594, generalised from a chain to a graph.) The decision is the task's
// (experiment.h), never one that the interpretation defines. Where a node's equality is
// `downstream`, two of its values are equal if decisions agree: the network's with γ of either
// written in its place, and the interpretation's with either in place of the node (values that do
// not depend on the node as they are from the input). One run of the network serves every node; the
// replaced run for C is made only for inputs where C differs from H.
//
// An equality that calls everything equal, or sites that nothing depends on, let every axiom hold.
// So each row is also asked with values of other inputs: what fails as rarely then says nothing.

#include <ATen/core/Tensor.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "axioms/claim.h"
#include "axioms/experiment.h"
#include "axioms/failing_regions.h"
#include "interp/execution/shards.h"
#include "interp/statistics/binomial.h"

namespace assay::axioms {

/// Where inputs come from: tokens int64 [count, pos] of inputs first … first + count - 1. Called
/// from several threads at once.
using Inputs = std::function<at::Tensor(int64_t first, int64_t count)>;

struct CheckResult;
struct Interchange;

struct CheckConfig {
  int64_t inputs = 80000;
  /// Which of them to check, in whole chunks of `network.inputs_per_run()`; not set: all.
  std::optional<interp::Ranges> ranges = {};
  int64_t witnesses = 1;  ///< first failing inputs kept per node and axiom
  /// Nodes of which PR and CR are not asked, so that the runs with their values written are left
  /// out. Nodes that are compared downstream need them all the same.
  std::vector<std::string> not_replaced = {};
  std::function<void(int64_t done, int64_t of)> on_progress = {};
  /// Asked after every chunk, in the order of the inputs: true ends the check there. What is
  /// counted then does not depend on threads.
  std::function<bool(const CheckResult& so_far)> enough = {};
  const std::atomic<bool>* stop = nullptr;  ///< when set: return what is counted so far
  const InputFeatures* features = nullptr;  ///< when set: failures are counted by them, too
  Division division = {};
  const Interchange* interchange = nullptr;  ///< when set: exchange values between inputs, too
};

/// An input on which an axiom fails.
struct Witness {
  int64_t input = 0;  ///< its index in the stream
  std::vector<int64_t> tokens;
  nlohmann::json network;  ///< A_v; for PR and CR the network's decision, as decide() gives it
  nlohmann::json interpretation;  ///< H_v or C_v; for PR and CR the decision of the replaced run
  /// Of interchanges: the inputs that values were taken from.
  std::vector<std::vector<int64_t>> sources = {};
};

/// How often a row fails, and how often it would by chance: with the value of an unrelated input in
/// the place of the input's own. Unrelated inputs are disjoint pairs from one chunk, chosen by
/// their places in the stream, so that pairs are as independent as inputs are.
struct Counts {
  statistics::Estimate estimate = {};
  statistics::Estimate unrelated = {};
  Counts& operator+=(const Counts& other);
};

/// What interchanges count beside failures (interchange.h).
struct Exchange {
  statistics::Estimate changing = {};  ///< pairs in which the program's answer changes
  std::optional<statistics::Estimate> resampled =
      {};  ///< the same with all unmapped parts resampled
  std::map<std::string, statistics::Estimate> parts = {};  ///< of UM: each unmapped part alone
  bool drawn =
      false;  ///< sources were drawn: even where inputs are all there are, rates carry bounds
  Exchange& operator+=(const Exchange& other);
};

struct AxiomResult {
  statistics::Estimate estimate;
  std::vector<Witness> witnesses;
  statistics::Estimate unrelated = {};
  /// By the network's decision on the input; empty where the task has more than kMostAnswers.
  std::map<int64_t, Counts> by_answer = {};
  std::optional<Exchange> exchange = {};  ///< of interchanges
};
inline constexpr int64_t kMostAnswers = 256;

struct NodeResult {
  std::string node;
  std::array<AxiomResult, 4> axioms;  ///< in the order of kAxioms
  /// PE failures where CE holds: a parent's value was wrong already. The rest fail anew here.
  int64_t inherited = 0;
  /// Failures of PE and CE if values had to be equal element by element, where the node's equality
  /// is `downstream`.
  std::optional<std::array<statistics::Estimate, 2>> plain = {};
  std::map<Axiom, AxiomResult> interchanged = {};  ///< those that were asked for
  const AxiomResult& operator[](Axiom axiom) const {
    return is_interchange(axiom) ? interchanged.at(axiom) : axioms[static_cast<size_t>(axiom)];
  }
  AxiomResult& operator[](Axiom axiom) {
    return is_interchange(axiom) ? interchanged[axiom] : axioms[static_cast<size_t>(axiom)];
  }
};

/// What the output's alpha says beside the network's decision.
struct Readings {
  /// Inputs by (bytes of alpha's value, decision).
  using Counts = std::map<std::pair<std::string, int64_t>, int64_t>;
  Counts inputs;
  int64_t ties = 0;  ///< inputs without a decision

  int64_t decisions() const;  ///< how many different ones occur
  /// Inputs to be left out until alpha's values and the decisions name each other one to one. More
  /// than 0: alpha reads something else than the decision.
  int64_t misread() const;
  Readings& operator+=(const Readings& other);
};

/// Adds what was counted on other inputs of the same stream, and keeps the first `kept` of all
/// witnesses.
void add(AxiomResult& total, const AxiomResult& part, int64_t kept);

struct CheckResult {
  std::vector<NodeResult> nodes;       ///< in topological order
  std::vector<NodeResult> pairs = {};  ///< of nodes that were exchanged together, `parse+evaluate`
  Readings readings = {};
  FeatureCounts by_features = {};  ///< where the inputs' features are known
  int64_t inputs = 0;              ///< checked
  /// False if stopped before all that were asked for, or enough, were checked.
  bool complete = true;
  interp::Ranges counted = {};  ///< those checked
};

/// Counts are the same for any number of threads: inputs go through the network in chunks of a
/// fixed size, at fixed places in the stream, and are counted in their order; of a check that is
/// stopped, chunks before which one is missing are not counted. Memory does not grow with the
/// number of inputs.
/// @throws std::invalid_argument if an operation or a site does not fit the model or the inputs,
/// and
///   as require_consistent() does; std::runtime_error if the network has no decision on an input.
CheckResult check(const Experiment& experiment, const Inputs& inputs, const CheckConfig& config);

}  // namespace assay::axioms
