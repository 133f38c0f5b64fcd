#pragma once
// The first block of a network at one position, as far as the choices of other slots move it.
//
// Keys and values of the first block are functions of (position, token) alone, so they are tables.
// At a position whose own slot is fixed the query is fixed too, and a head's output is a weighted
// mean over the keys that the slots up to here bring: the setting of ratio.h.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "axioms/proofs/domain.h"
#include "axioms/proofs/ratio.h"
#include "axioms/proofs/weights.h"

namespace assay::proofs {

/// Rounding errors of float64 sums of products are below this share of the sum of the products'
/// absolute values. A product of four matrices with inner sizes up to 2,048 stays below
/// 4 · 2,050 · 2^-53 = 9.2e-13.
inline constexpr double kShare = 1e-12;
inline constexpr int64_t kLongestSum = 2048;

/// Of one head, per key: [key, d_head]. The sizes are the same products of absolute values.
struct HeadTables {
  at::Tensor q, k, v, q_size, k_size, v_size;
};

class FirstBlock {
 public:
  /// Keeps references to both. @throws Untreated if sums are longer than kLongestSum.
  FirstBlock(const Weights& weights, const Domain& domain);

  const Domain& domain() const { return domain_; }
  const BlockWeights& block() const { return weights_.blocks.front(); }
  int64_t heads() const { return block().heads(); }
  const HeadTables& head(int64_t head) const { return tables_[head]; }
  int key(int64_t position, int64_t token) const { return key_.at({position, token}); }
  const at::Tensor& x() const { return x_; }  ///< what enters at each key: [key, d_model]

  /// What a head attends to at a position whose slot takes an alternative: of the slots with
  /// positions up to there, in the domain's order. Weights are e^(s - largest s).
  struct View {
    Attended attended;
    std::vector<size_t> slots;  ///< of the domain
    double score_error = 0;     ///< of any score, by rounding
  };
  /// @throws Untreated if scores lie too far apart.
  View view(int64_t head, int64_t position, size_t slot, int64_t alternative) const;

  /// The input in which slots take the alternatives chosen in a view, the others their first.
  at::Tensor input(const View& view, const std::vector<int64_t>& chosen, size_t slot,
                   int64_t alternative) const;

 private:
  const Weights& weights_;
  const Domain& domain_;
  std::map<std::pair<int64_t, int64_t>, int> key_;
  at::Tensor x_;
  std::vector<HeadTables> tables_;
};

}  // namespace assay::proofs
