#pragma once
// Which values a trace must compute, and where: the least that its answer needs.
//
// A plan walks the places backwards from what is recorded. A position is computed only if somebody
// reads it, and what is overwritten needs nothing before it. Where it saves work and nobody looks,
// a step takes a shortcut (shortcuts.h).

#include <cstdint>
#include <vector>

#include "interp/network/network.h"

namespace assay::interp {

using Positions = std::vector<int64_t>;  ///< ascending, no repetition

/// How attention reads the positions that it attends to.
enum class Reads {
  Formed,      ///< keys (or values) are computed at every position
  Absorbed,    ///< what they are projected from is read, W_K (or W_V) is applied on the query side
  ThroughMlp,  ///< as Absorbed, with the preceding MLP's W_out on the query side as well
};

struct Step {
  int place = 0;
  Positions present = {};   ///< where the value will exist: somebody reads it there
  Positions computed = {};  ///< the part of `present` that no overwrite provides
  /// Of attention: the computed ones attend to positions first_key … n_keys-1 at most.
  int64_t first_key = 0, n_keys = 0;
  Reads reads = Reads::Formed;  ///< of scores (keys) and mixes (values)
  bool folded = false;          ///< scores, a mix's projection or the embeddings, read off tables
  bool seen = false;            ///< recorded or overwritten, be it in part
  std::vector<size_t> overwrites = {};  ///< which of the request's lie here
  std::vector<int> last_reads = {};     ///< values that no later step reads and nobody recorded
};

class Plan {
 public:
  /// @param places  must outlive the plan. @param n_pos  length of the sequences, at most n_ctx.
  /// @throws std::invalid_argument for sites that the network lacks and for a position at or after
  ///   n_pos.
  Plan(const Places& places, const std::vector<Site>& record, const std::vector<Site>& overwrite,
       int64_t n_pos);

  const std::vector<Step>& steps() const { return steps_; }  ///< in order of computation
  const Step* find(int place) const;                         ///< null if nobody reads the place
  bool needs_tokens() const;
  /// Multiply-adds of the matrix products for one input (tables over distinct inputs not deduced).
  double multiply_adds() const;

 private:
  const Places& places_;
  std::vector<Step> steps_;
  std::vector<int> step_of_;  // of each place; -1: none
};

/// 0, 1, …, n-1.
Positions positions_up_to(int64_t n);
/// The positions that a step's queries attend to.
Positions keys_of(const Step& step);
/// Those of a site of this place, in a sequence of n_pos tokens.
Positions positions_of(const Site& site, const Place& place, int64_t n_pos);

}  // namespace assay::interp
