#pragma once
// Where a value lives: for a node of which it is known what it computes (h) but not where, the
// places of the network that hold it best.
//
// 1. Probes. Ridge regressions from the activations to the value H_v of the node rank the sites,
// one
//    or more positions of a place (value_probes.h), by the share of the value's variance that they
//    explain on inputs that they were not fitted on.
// 2. Interchange. At the best site of each of the best places, subspaces of some dimensions: the
//    part of the activations within the subspace is exchanged for that of another input, and the
//    network's decision is compared with what the interpretation concludes when the node's value is
//    the other input's (interchange-intervention accuracy, as IA of interchange.h counts it;
//    distributed alignment search, arXiv 2303.02536). Of several positions each has a subspace of
//    its own. A subspace begins as what the probe reads most of, or as what the value
//    writes most of, whichever follows more pairs, and is rotated by gradient descent
//    on the decisions of pairs of fitted inputs.
//
// One half of the inputs is fitted on. Sites are ranked and subspaces rotated with that half alone,
// so that the rate on pairs of the other half, no input of which occurs twice, has exact bounds.
//
// A site near the logits passes interchange for any value that is used only through the answer,
// whether or not it holds the value; a probe may read a value that the network does not use. So
// both are said of each candidate, beside what the same pairs give with a random subspace of the
// same dimension that is orthogonal to it, and without any exchange. All inputs are of the part
// that interpretations are fitted on: what is found is a hypothesis for validation on others.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "axioms/experiment.h"
#include "circuits/interpretation/interpretation.h"
#include "interp/statistics/binomial.h"

namespace assay::axioms {

struct AlignmentConfig {
  int64_t sites = 3;  ///< of which subspaces are tried, each of another place
  std::vector<int64_t> dimensions = {1, 2, 4, 8, 16};  ///< none larger than the value's own
  int64_t steps = 20;                                  ///< of gradient descent
  double confidence = 0.95;
  uint64_t seed = 0;
  std::function<void(int64_t done, int64_t of)> on_progress = {};
};

struct ProbedSite {
  interp::Site site;
  double explained = 0;  ///< share of the value's variance, on inputs not fitted on; below 0: worse
                         ///< than its mean
};

struct AlignmentCandidate {
  interp::Site site;
  int64_t dimensions = 0;  ///< of each position's subspace, at most
  double explained = 0;    ///< on held-out inputs
  // Held-out pairs whose decision is not the one that the interpretation concludes:
  statistics::Estimate exchanged;  ///< with the subspace exchanged,
  statistics::Estimate random;     ///< with a random one, orthogonal to it,
  statistics::Estimate untouched;  ///< with nothing exchanged
  // Computed by conclude():
  double accuracy_lower = 0, accuracy_upper = 1;  ///< of the interchange accuracy
  bool better_than_chance = false;  ///< surely more often right than random and untouched pairs
};

struct Alignment {
  std::string node;
  int64_t fitted = 0, held_out = 0;  ///< inputs
  int64_t width = 0;                 ///< numbers that the value is written as
  double confidence = 0.95;
  std::vector<ProbedSite> sites = {};               ///< and groups of positions, the best first
  std::vector<AlignmentCandidate> candidates = {};  ///< the best first
  circuits::Node found = {};  ///< the node at the best candidate's site, to be validated

  /// The first candidate is better than chance, and its probes explain half of the value.
  bool is_found() const;
};

/// A part of the activations at a site: at each of its positions what orthonormal columns span,
/// float32 [width, dimensions].
struct Subspace {
  interp::Site site;
  std::vector<at::Tensor> columns;
};

/// Pairs in which the network, with the base's part of the subspace exchanged for the source's,
/// does not decide as the program concludes with the value of step v from the source. The whole
/// space is IA of interchange.h at this site.
/// @param base, source  tokens, int64 [pairs, pos] each.
statistics::Estimate count_exchanged(const Experiment& experiment, size_t v,
                                     const Subspace& subspace, const at::Tensor& base,
                                     const at::Tensor& source);

/// Bounds hold for all candidates together. Candidates that are better than chance come first, then
/// by the smaller one of interchange accuracy and explained variance: a place must hold the value,
/// and be used.
void conclude(Alignment& alignment);

/// Looks for the node's place; what the interpretation says of it is not looked at.
/// @param tokens  int64 [n, pos], of which the first half is fitted on.
/// @throws std::invalid_argument for the output node, whose place is the task's; a value that does
///   not vary; fewer than 64 inputs; dimensions or steps below 1.
Alignment align(const Experiment& experiment, const circuits::Interpretation& interpretation,
                const std::string& node, const at::Tensor& tokens, const AlignmentConfig& config);

}  // namespace assay::axioms
