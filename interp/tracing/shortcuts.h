#pragma once
// Shortcuts that a plan may take. Each says where the description allows it, who must not look, and
// when it is cheaper.
//
//   absorbed         attention from few queries forms no keys and values: with k = x W_K + b_K, a
//                    score q · k is (W_K q) · x + q · b_K, and z is (Σ pattern · x) W_V + …;
//                    keys that are rotated after their projection are always formed
//   through the MLP  absorbed, and x = m + post W_out + b_out is never formed either: W_out moves
//                    to the query side as well
//   folded           a single head that reads embeddings sees few distinct (token, position) pairs:
//                    its scores are a table over pairs of them (W_Q W_Kᵀ), and what it writes is a
//                    table over them (W_V W_O)
//   spread           the sum of the embeddings is computed once per distinct pair

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "interp/tracing/plan.h"

namespace assay::interp::tracing {

/// Who looks where, as far as a plan's backward walk knows it.
struct Demand {
  std::set<int> recorded, overwritten;           // be it in part
  std::map<int, std::set<int64_t>> wanted = {};  // positions that are recorded or read

  bool seen(int place) const { return recorded.contains(place) || overwritten.contains(place); }
  bool wanted_at(int place, int64_t positions) const;
};

/// What keys, values or queries are plain projections of: their weights can move to the other side
/// of a product.
std::optional<int> projected_from(const Places& places, int place);

/// x = before + projection(neurons), perhaps through sums of one term.
struct ThroughMlp {
  int before = 0, neurons = 0, projection = 0;
  std::vector<int> skipped = {};  ///< x, the sums, the projection
};
std::optional<ThroughMlp> through_mlp(const Places& places, int x);

/// How a step that attends (Scores, Mix) from its computed positions reads keys or values.
Reads cheapest_reads(const Places& places, const Demand& demand, const Step& step);

/// May scores, or the projection of a mix, be folded? @return what the head reads.
std::optional<int> foldable(const Places& places, const Demand& demand, const Step& step);

/// May the step be spread from distinct inputs?
bool spreadable(const Places& places, const Demand& demand, int place);

}  // namespace assay::interp::tracing
