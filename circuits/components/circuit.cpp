#include "circuits/components/circuit.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>
#include <stdexcept>

#include "interp/doubles.h"

namespace assay::circuits {
namespace {

using at::Tensor;

// What edges are ranked by; unscored ones below everything else.
std::vector<double> ranks(const Tensor& scores, bool is_signed) {
  std::vector<double> ranks = interp::doubles_of(scores);
  for (double& rank : ranks) {
    if (std::isnan(rank))
      rank = -std::numeric_limits<double>::infinity();
    else if (!is_signed)
      rank = std::abs(rank);
  }
  return ranks;
}

void require_enough(int64_t n, int64_t edges) {
  if (n < 0 || n > edges)
    throw std::invalid_argument(
        fmt::format("expected between 0 and {} edges, which is all there are; got {}", edges, n));
}

// Vertices: component by component, position by position.
struct Vertices {
  explicit Vertices(const ComponentGraph& graph) : rows(graph.rows()) {}
  size_t operator()(int64_t component, int64_t row) const { return component * rows + row; }
  int64_t rows;
};

// Rows at whose vertices a reading at `row` arrives: first to last.
std::pair<int64_t, int64_t> arrives_at(const ComponentGraph& graph, const Edge& edge) {
  const int64_t row = std::max<int64_t>(0, edge.position);
  const Port port = graph.readers()[edge.reader].port;
  const bool spreads = port == Port::Key || port == Port::Value;
  return {row, spreads ? graph.rows() - 1 : row};
}

template <typename G>
std::vector<char> reached_from(const G& graph, size_t start) {
  std::vector<boost::default_color_type> colour(boost::num_vertices(graph));
  boost::queue<size_t> buffer;
  std::vector<size_t> starts = {start};
  boost::breadth_first_search(
      graph, starts.begin(), starts.end(), buffer, boost::default_bfs_visitor(),
      boost::make_iterator_property_map(colour.begin(), get(boost::vertex_index, graph)));
  std::vector<char> reached(colour.size());
  for (size_t v = 0; v < colour.size(); ++v) reached[v] = colour[v] == boost::black_color;
  return reached;
}

}  // namespace

int64_t Circuit::size() const {
  return kept.sum().item<int64_t>();
}

Tensor above_threshold(const Tensor& scores, double threshold, bool is_signed) {
  return (is_signed ? scores : scores.abs()) >= threshold;
}

Tensor top_n(const Tensor& scores, int64_t n, bool is_signed) {
  require_enough(n, scores.numel());
  const std::vector<double> rank = ranks(scores, is_signed);
  std::vector<int64_t> order(rank.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return rank[a] > rank[b]; });
  Tensor kept = at::zeros(scores.sizes(), torch::kBool);
  for (int64_t i = 0; i < n; ++i) kept.view({-1})[order[i]] = true;
  return kept;
}

Tensor greedy(const ComponentGraph& graph, const Tensor& scores, int64_t n, bool is_signed) {
  require_enough(n, scores.numel());
  const std::vector<double> rank = ranks(scores, is_signed);
  const auto worse = [&](int64_t a, int64_t b) {
    return rank[a] != rank[b] ? rank[a] < rank[b] : a > b;
  };
  std::priority_queue<int64_t, std::vector<int64_t>, decltype(worse)> candidates(worse);
  std::vector<char> offered(graph.n_edges());
  const auto offer_edges_into = [&](const Component& component, int64_t row) {
    for (int64_t reader = 0; reader < static_cast<int64_t>(graph.readers().size()); ++reader) {
      if (!(graph.readers()[reader].component == component)) continue;
      for (int64_t from = 0; from <= row; ++from) {
        for (int64_t writer = 0; writer < graph.n_writers(reader); ++writer) {
          const Edge edge{writer, reader, graph.positions() == 0 ? -1 : from};
          const auto [first, last] = arrives_at(graph, edge);
          const int64_t id = graph.id(edge);
          if (row < first || row > last || offered[id]) continue;
          offered[id] = true;
          candidates.push(id);
        }
      }
    }
  };
  Tensor kept = at::zeros(scores.sizes(), torch::kBool);
  offer_edges_into({Kind::Logits, graph.n_layers()}, graph.rows() - 1);
  for (int64_t i = 0; i < n && !candidates.empty(); ++i) {
    const int64_t id = candidates.top();
    candidates.pop();
    kept.view({-1})[id] = true;
    const Edge edge = graph.edge(id);
    offer_edges_into(graph.writers()[edge.writer], std::max<int64_t>(0, edge.position));
  }
  return kept;
}

Digraph digraph(const ComponentGraph& graph, const Tensor& kept) {
  const Vertices vertex(graph);
  const std::vector<Component> components = graph.components();
  Digraph digraph(components.size() * graph.rows());
  for (size_t c = 0; c < components.size(); ++c)
    for (int64_t row = 0; row < graph.rows(); ++row)
      digraph[vertex(c, row)] = {components[c], graph.positions() == 0 ? -1 : row};
  const Tensor flat = kept.contiguous().view({-1});
  const bool* present = flat.data_ptr<bool>();
  for (int64_t id = 0; id < graph.n_edges(); ++id) {
    if (!present[id]) continue;
    const Edge edge = graph.edge(id);
    const int64_t target = graph.index_of(graph.readers()[edge.reader].component);
    const auto [first, last] = arrives_at(graph, edge);
    for (int64_t row = first; row <= last; ++row)
      boost::add_edge(vertex(edge.writer, first), vertex(target, row), id, digraph);
  }
  return digraph;
}

Tensor addable(const ComponentGraph& graph, const Tensor& kept) {
  Digraph arcs = digraph(graph, kept);
  const Vertices vertex(graph);
  // One start before the input at every position, one goal: the logits at the last position.
  const size_t start = boost::add_vertex(arcs);
  for (int64_t row = 0; row < graph.rows(); ++row)
    boost::add_edge(start, vertex(0, row), int64_t{-1}, arcs);
  const size_t goal = vertex(static_cast<int64_t>(graph.writers().size()), graph.rows() - 1);
  const std::vector<char> from_input = reached_from(arcs, start);
  const std::vector<char> to_logits = reached_from(boost::make_reverse_graph(arcs), goal);
  Tensor useful = at::zeros(kept.sizes(), torch::kBool);
  bool* is_useful = useful.data_ptr<bool>();
  for (int64_t id = 0; id < graph.n_edges(); ++id) {
    const Edge edge = graph.edge(id);
    const int64_t target = graph.index_of(graph.readers()[edge.reader].component);
    const auto [first, last] = arrives_at(graph, edge);
    if (!from_input[vertex(edge.writer, first)]) continue;
    for (int64_t row = first; row <= last && !is_useful[id]; ++row)
      is_useful[id] = to_logits[vertex(target, row)] != 0;
  }
  return useful;
}

Tensor on_a_path(const ComponentGraph& graph, const Tensor& kept) {
  return addable(graph, kept) & kept;
}

}  // namespace assay::circuits
