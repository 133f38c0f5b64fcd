#pragma once
// Edges that stay in a circuit, or stay out of it, whichever inputs are deleted: randomised
// smoothing over the dataset (arXiv 2602.22968), beside the bootstrap of stability.h.
//
// A draw keeps each input of the dataset D with probability 1 - p, independently of the others, and
// the circuit of a draw is the top n by the mean scores of the inputs kept; without any input it is
// empty. μ(D) is the probability that an edge is in it, and the smoothed circuit has the edges with
// μ(D) > 1/2. What is certified is this smoothed decision:
//
// - Deleting any r inputs R. A draw from D keeps none of R with probability p^r, and is then a draw
//   from D∖R. So μ(D) = p^r μ(D∖R) + (1 - p^r) μ', where μ' <= 1 is the rest's, and
//   μ(D∖R) >= (μ(D) - (1 - p^r)) / p^r, which is above 1/2 if μ(D) > 1 - p^r/2.
// - Adding any r inputs R. As above, D is what is left of D ∪ R: μ(D ∪ R) >= p^r μ(D).
// - Hence after deleting and adding at most r inputs each (exchanging r), μ >= μ(D) - (1 - p^r):
//   of d deleted and i added it is at least p^(i-d) (μ(D) - 1 + p^d), which is smallest for
//   d = i = r.
//
// The same holds of an edge that stays out, with 1 - μ. μ(D) is not known but bounded from the
// draws (Clopper-Pearson), with one error level for both directions and all edges of the graph.
// Where neither bound is above 1/2 the decision is not told: the edge is abstained from.
//
// The scores of an input must not depend on the other inputs. Those of ablations `pair` and `zero`
// do not; means and partners of the others stay those of the whole dataset, and the guarantee is
// for scores with these.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "circuits/components/patching.h"
#include "circuits/discovery/discovery.h"

namespace assay::circuits {

struct CertificationConfig {
  DiscoveryConfig discovery = {};
  int64_t edges = 0;       ///< n of the top-n circuits; no sensible default, 0 is refused
  bool is_signed = false;  ///< edges are ranked by score, else by its absolute value
  double deleted = 0.9;    ///< p, in (0, 1): larger certifies more deletions of what is certified
  int64_t draws = 1000;
  double confidence = 0.95;  ///< that all certificates hold
  uint64_t seed = 0;
};

/// What a number of draws says of one edge.
enum class Stays { In, Out, Unknown };
std::string to_string(Stays stays);  ///< `in`, `out`, `abstained`

struct Certificate {
  Stays stays = Stays::Unknown;
  int64_t deletions = 0;  ///< of any so many inputs at most, the decision stays
  int64_t exchanges = 0;  ///< likewise of so many inputs deleted and as many added
};

/// @param majority  probability of the decision in a draw, or a lower bound of it.
/// @return largest number of deletions (exchanges), up to `most`, that the decision is sure to
///   survive; none if it is not sure to be the majority's.
std::optional<int64_t> certified_deletions(double majority, double deleted, int64_t most);
std::optional<int64_t> certified_exchanges(double majority, double deleted, int64_t most);

/// An edge that some draw chose, or that the circuit of all inputs has.
struct CertifiedEdge {
  std::string edge;
  bool in_circuit = false;  ///< top n on all inputs
  int64_t chosen = 0;       ///< draws
  Certificate certificate = {};
};

struct CertifiedStability {
  std::string method, ablation;
  int64_t inputs = 0;
  int64_t edges = 0;     ///< of the circuits
  int64_t of_edges = 0;  ///< of the graph
  double deleted = 0.9;
  int64_t draws = 0;
  double confidence = 0.95;
  uint64_t seed = 0;
  std::vector<CertifiedEdge> chosen = {};  ///< in the graph's order; no draw chose any other
  Certificate others = {};                 ///< of each edge that is not among them
};

/// Computes the certificates from the counts.
void conclude(CertifiedStability& stability);

/// Scores of all inputs are computed once and held at once (per_input_effects()).
/// @throws std::invalid_argument as per_input_effects() and top_n(), for edges < 1, draws < 1 and
///   `deleted` outside (0, 1).
CertifiedStability certify_stability(const Experiment& experiment,
                                     const CertificationConfig& config,
                                     const Progress& on_progress = {});

/// How often each edge is in the circuit of a draw: int64 [edges].
/// @param effects  scores of each input, float [n, edges].
at::Tensor count_choices(const at::Tensor& effects, const CertificationConfig& config);

}  // namespace assay::circuits
