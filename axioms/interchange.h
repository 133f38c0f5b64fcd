#pragma once
// Interchange interventions: are the values of an interpretation used as it says, or only harmless?
//
// For a base b and a source s, node v's value on s is exchanged for that on b, once in the network
// and once in the program, and the two answers are compared. The program's is h run on b with
// H_v(s) at v. In the network,
//   II  γ_v(H_v(s)) is written at S_v (PR is the case s = b);
//   IA  the activations of s are written where α reads, and the rest is left as on b (interchange
//       intervention, Geiger et al. 2021, arXiv 2106.02997).
// A row counts pairs (b, s) whose answers differ: interchange-intervention accuracy is one minus
// its rate. Two nodes are exchanged together from two sources.
//
// Where the program's answer stays the same, so does that of a network on which nothing depends. So
// each row also counts how often it would fail if nothing were written, as its chance level: a row
// without pairs that change the answer is no better than that, and cannot hold.
//
//   UM  what S_v has beside the places that α reads takes its activations from s while what α reads
//       stays as on b; of the output, so does every component that leads around the nodes that it
//       is computed from. The network's decision must stay, whether all of it is taken or one part
//       alone. These are the unmapped variables of Causal Abstraction Evaluation (arXiv
//       2607.00267). The chance level is how often the decision changes if what α reads is taken
//       from s. `Exchange::resampled` counts II and IA with all unmapped parts from a third input:
//       CAE's "down" and "up" with its condition; without, they are II and IA.

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "axioms/checker.h"
#include "axioms/experiment.h"
#include "axioms/listed_sources.h"
#include "axioms/unmapped.h"
#include "interp/execution/chunks.h"

namespace assay::axioms {

/// Inputs to exchange values between, int64 [count, pos] each.
struct Exchanged {
  at::Tensor base = {};  ///< undefined: the inputs that are checked
  at::Tensor source;
  at::Tensor other;  ///< the second source of two nodes, and where unmapped parts are taken from
  at::Tensor rows = {};  ///< which of `Interchange::listed` the sources are, int64 [count]
};

struct Interchange {
  /// Of inputs first … first + count - 1 in one of the rounds. A function of these numbers alone,
  /// called from several threads at once.
  std::function<Exchanged(int64_t round, int64_t first, int64_t count)> draw;
  int64_t rounds = 1;  ///< sources per input
  int64_t rounds_of_pairs =
      1;                   ///< the first ones, in which pairs of nodes are exchanged, too: their
                           ///< second source is drawn, so that more do not make them exact
  at::Tensor listed = {};  ///< where every input is every input's source, itself included: all
  bool unmapped = false;   ///< ask UM, too

  bool exhaustive() const { return listed.defined(); }
};

/// Up to this many pairs are all tried, unless somebody asks for all.
inline constexpr int64_t kMostPairs = int64_t{1} << 17;

/// Sources among a finite set of inputs, int64 [n, pos], that are also the bases: all of them, if
/// there are at most `most_pairs` pairs, else one drawn for each.
Interchange among(const at::Tensor& inputs, uint64_t seed, bool unmapped,
                  int64_t most_pairs = kMostPairs);

struct InterchangePlan {
  const Interchange* interchange = nullptr;
  std::vector<MappedNode> nodes = {};  ///< inner ones; then the output, if anything leads around
  std::vector<std::pair<size_t, size_t>> pairs = {};  ///< of `nodes` whose sites do not overlap
  ListedSources sources = {};                         ///< where the interchange is exhaustive
  const std::atomic<bool>* stop = nullptr;            ///< when set: counting ends between rounds
};

/// @param n_pos  tokens of an input.
InterchangePlan plan_interchange(const Experiment& experiment, const Interchange& interchange,
                                 int64_t n_pos);

/// Rows without counts: what the plan will count. Those of pairs are called `parse+evaluate`.
void add_empty_rows(const circuits::Program& program, const InterchangePlan& plan,
                    CheckResult& result);

/// Counts of one chunk, added to `counted`, which has the empty rows. Not those of all rounds, if
/// the plan's `stop` was set.
/// @throws std::invalid_argument for sources of another length than their bases.
void count_interchanges(const Experiment& experiment, const InterchangePlan& plan,
                        const Observation& seen, const interp::Chunk& chunk, int64_t witnesses,
                        CheckResult& counted);

}  // namespace assay::axioms
