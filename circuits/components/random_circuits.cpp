#include "circuits/components/random_circuits.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/components/circuit.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr int kMisses = 20;       // paths in a row that do not fit before single edges are added
constexpr int kAttempts = 1'000;  // of whole circuits, and of paths that add something

// Random edge into `component` at `row`; all readings of a head have the same writers.
Edge random_in_edge(const ComponentGraph& graph, const Component& component, int64_t row,
                    statistics::Engine& engine) {
  std::vector<Edge> readings;
  for (size_t reader = 0; reader < graph.readers().size(); ++reader) {
    const auto& [owner, port] = graph.readers()[reader];
    if (!(owner == component)) continue;
    const bool looks_back = port == Port::Key || port == Port::Value;
    for (int64_t from = looks_back ? 0 : row; from <= row; ++from)
      readings.push_back({0, static_cast<int64_t>(reader), graph.positions() == 0 ? -1 : from});
  }
  Edge edge = readings[statistics::draw_below(engine, static_cast<int64_t>(readings.size()))];
  edge.writer = statistics::draw_below(engine, graph.n_writers(edge.reader));
  return edge;
}

class Growing {
 public:
  Growing(const ComponentGraph& graph, statistics::Engine& engine)
      : graph_(graph),
        engine_(engine),
        kept_(at::zeros({graph.rows(), graph.columns()}, torch::kBool)) {}

  // Whether `edges` edges could be reached.
  bool grow_to(int64_t edges) {
    add_paths(edges);
    while (size_ < edges) {
      const std::vector<int64_t> free = edge_ids(addable(graph_, kept_) & ~kept_);
      if (free.empty()) return false;
      add(statistics::draw_from(engine_, free, edges - size_));
    }
    return true;
  }

  const Tensor& kept() const { return kept_; }

 private:
  void add_paths(int64_t edges) {
    for (int misses = 0; size_ < edges && misses < kMisses;) {
      std::vector<int64_t> path = random_path(graph_, engine_);
      std::erase_if(path, [&](int64_t id) { return flat()[id]; });
      const bool fits = !path.empty() && size_ + static_cast<int64_t>(path.size()) <= edges;
      misses = fits ? 0 : misses + 1;
      if (fits) add(path);
    }
  }

  void add(const std::vector<int64_t>& ids) {
    for (const int64_t id : ids) flat()[id] = true;
    size_ += static_cast<int64_t>(ids.size());
  }

  bool* flat() const { return kept_.data_ptr<bool>(); }

  const ComponentGraph& graph_;
  statistics::Engine& engine_;
  Tensor kept_;
  int64_t size_ = 0;
};

}  // namespace

std::vector<int64_t> edge_ids(const Tensor& kept, bool present) {
  const Tensor ids = kept.reshape({-1}).eq(present).nonzero().squeeze(1).contiguous();
  return {ids.data_ptr<int64_t>(), ids.data_ptr<int64_t>() + ids.numel()};
}

std::vector<std::string> edge_names(const ComponentGraph& graph, const std::vector<int64_t>& ids) {
  std::vector<std::string> names;
  for (const int64_t id : ids) names.push_back(graph.name(id));
  return names;
}

Tensor with_edges(const Tensor& kept, const std::vector<int64_t>& ids, bool present) {
  Tensor changed = kept.clone().contiguous();
  for (const int64_t id : ids) changed.data_ptr<bool>()[id] = present;
  return changed;
}

std::vector<int64_t> random_path(const ComponentGraph& graph, statistics::Engine& engine) {
  std::vector<int64_t> path;
  Component component{Kind::Logits, graph.n_layers()};
  int64_t row = graph.rows() - 1;
  while (component.kind != Kind::Input) {
    const Edge edge = random_in_edge(graph, component, row, engine);
    path.push_back(graph.id(edge));
    component = graph.writers()[edge.writer];
    row = std::max<int64_t>(0, edge.position);
  }
  return path;
}

RandomCircuits::RandomCircuits(const ComponentGraph& graph, int64_t edges)
    : graph_(graph), edges_(edges) {
  if (edges < 0 || edges > graph.n_edges())
    throw std::invalid_argument(fmt::format(
        "random circuit: expected between 0 and {} edges, got {}", graph.n_edges(), edges));
  const Tensor all = at::ones({graph.rows(), graph.columns()}, torch::kBool);
  const Tensor useful = on_a_path(graph, all);
  connected_ = std::min(edges, useful.sum().item<int64_t>());
  useless_ = edge_ids(~useful);
}

Tensor RandomCircuits::draw(statistics::Engine& engine) const {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Growing growing(graph_, engine);
    if (!growing.grow_to(connected_)) continue;  // two edges, and the first path took one
    const std::vector<int64_t> others =
        statistics::draw_from(engine, useless_, edges_ - connected_);
    return with_edges(growing.kept(), others, true);
  }
  throw std::runtime_error(fmt::format("no connected circuit of {} edges was found", edges_));
}

Tensor random_circuit(const ComponentGraph& graph, int64_t edges, statistics::Engine& engine) {
  return RandomCircuits(graph, edges).draw(engine);
}

Inflated inflated(const ComponentGraph& graph, const Tensor& kept, statistics::Engine& engine) {
  const std::vector<int64_t> outside = edge_ids(kept, false);
  if (outside.empty())
    throw std::invalid_argument("a circuit of all edges cannot be inflated: none is left to add");
  const Tensor flat = kept.contiguous();
  std::vector<int64_t> added;
  for (int attempt = 0; attempt < kAttempts && added.empty(); ++attempt) {
    added = random_path(graph, engine);
    std::erase_if(added, [&](int64_t id) { return flat.data_ptr<bool>()[id]; });
  }
  if (added.empty()) added = statistics::draw_from(engine, outside, 1);
  return {with_edges(kept, added, true), statistics::draw_from(engine, added, 1)[0]};
}

}  // namespace assay::circuits
