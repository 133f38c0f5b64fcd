#pragma once
// Minimality (Wang et al. 2022, Section 4): every edge of a circuit should matter, alone or,
// where another edge could do its work, after some set K of other edges has gone.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "circuits/measures/evaluation.h"

namespace assay::circuits {

struct MinimalityConfig {
  int64_t sets = 10;  ///< random sets K ⊂ C, of random size, that the edges are removed with
  uint64_t seed = 0;
};

/// What removing one edge of the circuit does to the mean metric; positive: the edge helps.
struct EdgeContribution {
  std::string edge;           ///< its name
  double alone = 0;           ///< m(C) - m(C∖{e})
  double standard_error = 0;  ///< of `alone`, over inputs; NaN: see has_spread()
  double largest = 0;         ///< m(C∖K) - m(C∖(K∪{e})) of largest size, K = ∅ included
  int64_t set_size = 0;       ///< edges of that K
};

struct Minimality {
  double scale = 0;                          ///< |m(M) - m(∅)|
  std::vector<EdgeContribution> edges = {};  ///< of the circuit, in the order of ids
};

/// The same sets serve all edges (an edge that is in K is put back for the comparison), so this
/// runs sets + |C|·(1 + sets) circuits.
/// @param kept  C, bool [rows, columns].
/// @throws std::invalid_argument for a mask of another shape or a negative number of sets.
Minimality minimality(const Evaluation& evaluation, const at::Tensor& kept,
                      const MinimalityConfig& config = {});

}  // namespace assay::circuits
