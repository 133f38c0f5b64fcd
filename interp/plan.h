#pragma once
// Which values a trace must compute, and where: the least that its answer needs.
//
// A plan walks the places backwards from what is recorded. A position is computed only if somebody
// reads it, and what is overwritten needs nothing before it. Where few queries attend (the readout
// of the last block), products are reassociated so that no key, value or MLP output is ever formed
// at the positions attended to:
//   score = (W_K q) · x,   z = (Σ pattern · x) W_V,   x = resid_mid + post W_out + b_out.

#include <cstdint>
#include <map>
#include <vector>

#include "interp/site.h"
#include "interp/transformer.h"

namespace assay::interp {

using Positions = std::vector<int64_t>;  ///< ascending, no repetition

/// How attention reads the positions that it attends to.
enum class Reads {
  Formed,      ///< keys (or values) are computed at every position
  Absorbed,    ///< the residual stream is read, W_K (or W_V) is applied on the query side
  ThroughMlp,  ///< as Absorbed, with the preceding MLP's W_out on the query side as well
};

struct Step {
  Place place;
  Positions present;   ///< where the value will exist: somebody reads it there
  Positions computed;  ///< the part of `present` that no overwrite provides
  int64_t n_keys = 0;  ///< positions 0 … n_keys-1 are what the computed ones attend to, at most
  Reads reads = Reads::Formed;  ///< of AttnScores (keys) and Z (values)
  /// In block 1: AttnScores without Q and K, AttnOut without V and Z, through tables over the distinct
  /// (token, position) pairs of the batch; ResidPre read off the tokens without its two embeddings.
  bool folded = false;
};

class Plan {
 public:
  /// @param record, overwrite  valid sites; @param n_pos  length of the sequences, at most n_ctx.
  /// @throws std::invalid_argument for a position at or after n_pos.
  Plan(const TransformerConfig& config, const std::vector<Site>& record,
       const std::vector<Site>& overwrite, int64_t n_pos);

  const std::vector<Step>& steps() const { return steps_; }  ///< in order of computation
  const Step* find(const Place& place) const;                ///< null if nobody reads the place
  bool needs_tokens() const;
  /// Multiply-adds of the matrix products for one input (tables of block 1 not deduced).
  double multiply_adds() const;

 private:
  struct Builder;
  TransformerConfig config_;
  std::vector<Step> steps_;
};

/// 0, 1, …, n-1.
Positions positions_up_to(int64_t n);

}  // namespace assay::interp
