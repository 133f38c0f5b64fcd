#pragma once
// Completeness (Wang et al. 2022, Section 4): a circuit C that holds all there is behaves as the
// network M also after the same edges K are removed from both. A backup that takes over where part
// of the circuit fails, and that the circuit leaves out, shows here and nowhere else.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "circuits/measures/evaluation.h"

namespace assay::circuits {

struct CompletenessConfig {
  int64_t random_sets = 50;        ///< sets K of random size, 1 … |C|, and random edges of C
  int64_t greedy_runs = 5;         ///< sets K built edge by edge to tell C and M apart
  int64_t greedy_steps = 10;       ///< edges of such a set, at most
  int64_t greedy_candidates = 10;  ///< random edges tried at each step; the most telling is taken
  uint64_t seed = 0;
};

struct RemovedSet {
  std::vector<std::string> edges = {};  ///< K, by name
  double circuit = 0, network = 0;      ///< mean metric m(C∖K), m(M∖K)
  bool is_greedy = false;
  double incompleteness() const;  ///< |m(C∖K) - m(M∖K)|
};

struct Completeness {
  double scale = 0;  ///< |m(M) - m(∅)|: what incompleteness is compared with
  std::vector<RemovedSet> sets = {};
  double mean_random() const;  ///< mean incompleteness of the random sets; NaN without any
  double worst() const;        ///< largest of all sets; NaN without any
};

/// A greedy set is the best on the way: removing more edges may hide a difference again.
/// @param kept  C, bool [rows, columns].
/// @throws std::invalid_argument for a mask of another shape, an empty circuit, a negative count.
Completeness completeness(const Evaluation& evaluation, const at::Tensor& kept,
                          const CompletenessConfig& config = {});

}  // namespace assay::circuits
