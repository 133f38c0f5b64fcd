#pragma once
// Random circuits to compare a circuit with: connected from the input to the logits, as a claimed
// circuit is (Shi et al. 2024).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "circuits/components/component_graph.h"
#include "interp/statistics/random.h"

namespace assay::circuits {

/// Edges of a random walk from the logits back to the input, in that order: of all edges into the
/// component reached (its three readings, for a head), each is as likely as any other.
std::vector<int64_t> random_path(const ComponentGraph& graph, statistics::Engine& engine);

/// Circuits of exactly `edges` edges: random paths as long as they fit, then single edges between
/// components that are connected already. All edges lie on a path from the input to the logits, as
/// far as the network has that many such edges; the rest is drawn from the others.
class RandomCircuits {
 public:
  /// @param graph  must outlive this.
  /// @throws std::invalid_argument unless 0 <= edges <= graph.n_edges().
  RandomCircuits(const ComponentGraph& graph, int64_t edges);

  /// @return bool [rows, columns].
  at::Tensor draw(statistics::Engine& engine) const;

 private:
  const ComponentGraph& graph_;
  int64_t edges_;
  int64_t connected_ = 0;         // of the edges, those that lie on a path
  std::vector<int64_t> useless_;  // edges of the network that lie on none
};
/// A single one.
at::Tensor random_circuit(const ComponentGraph& graph, int64_t edges, statistics::Engine& engine);

/// A circuit with something added that it does not need.
struct Inflated {
  at::Tensor kept;    ///< bool [rows, columns]
  int64_t added = 0;  ///< one of the added edges, drawn at random
};
/// `kept` and a random path that is not part of it; if 1,000 paths in a row are, a random edge.
/// @throws std::invalid_argument if `kept` has every edge.
Inflated inflated(const ComponentGraph& graph, const at::Tensor& kept, statistics::Engine& engine);

/// Ids of the edges kept (or, with `present` false, of the others), ascending.
std::vector<int64_t> edge_ids(const at::Tensor& kept, bool present = true);
/// Their names, in the same order.
std::vector<std::string> edge_names(const ComponentGraph& graph, const std::vector<int64_t>& ids);
/// `kept` with these edges added (or, with `present` false, removed).
at::Tensor with_edges(const at::Tensor& kept, const std::vector<int64_t>& ids, bool present);

}  // namespace assay::circuits
