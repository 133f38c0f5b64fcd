#pragma once
// A circuit: the claim that these edges do the work. And how a circuit is cut out of edge scores.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "circuits/components/component_graph.h"

namespace assay::circuits {

struct Circuit {
  ComponentGraph graph;
  at::Tensor kept;    ///< bool [rows, columns]
  at::Tensor scores;  ///< float64 [rows, columns]; NaN: not scored. Undefined: no scores at all

  int64_t size() const;  ///< kept edges
};

/// Every edge with score (its absolute value, unless `is_signed`) >= threshold.
at::Tensor above_threshold(const at::Tensor& scores, double threshold, bool is_signed);
/// The n edges of largest score; ties go to the lower id, unscored edges come last.
/// @throws std::invalid_argument if there are fewer than n edges, or n < 0.
at::Tensor top_n(const at::Tensor& scores, int64_t n, bool is_signed);
/// From the logits backwards, always the best edge into what is already connected, n times (Hanna
/// et al. 2024). Connected by construction. @throws as top_n.
at::Tensor greedy(const ComponentGraph& graph, const at::Tensor& scores, int64_t n, bool is_signed);
/// Every edge that would lie on a path from the input to the logits if it alone joined `kept`.
at::Tensor addable(const ComponentGraph& graph, const at::Tensor& kept);
/// The part of `kept` that lies on a path from the input to the logits.
at::Tensor on_a_path(const ComponentGraph& graph, const at::Tensor& kept);

/// Components as vertices, kept edges as arcs that carry the edge's id. With positions, a component
/// has a vertex per position, and what a head reads for key and value at one position arrives at
/// its vertices there and later.
Digraph digraph(const ComponentGraph& graph, const at::Tensor& kept);

}  // namespace assay::circuits
