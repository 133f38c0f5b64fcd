#include "circuits/component_graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "interp/transformer.h"

namespace assay::circuits {
namespace {

constexpr std::string_view kPorts[] = {"<q>", "<k>", "<v>", ""};

struct Placed {
  std::string_view name;
  int64_t position = -1;
};

// `m1@40` -> m1 at 40.
Placed split_position(std::string_view text) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos) return {text};
  Placed placed{text.substr(0, at)};
  const std::string_view digits = text.substr(at + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), placed.position);
  if (error != std::errc() || end != digits.data() + digits.size() || placed.position < 0)
    throw std::invalid_argument(fmt::format("'{}': expected a position after '@'", text));
  return placed;
}

std::string placed_name(const Component& component, int64_t position) {
  return position < 0 ? to_string(component) : fmt::format("{}@{}", to_string(component), position);
}

}  // namespace

std::string to_string(const Component& component) {
  switch (component.kind) {
    case Kind::Input:
      return "input";
    case Kind::Head:
      return fmt::format("a{}.h{}", component.layer, component.head);
    case Kind::Mlp:
      return fmt::format("m{}", component.layer);
    case Kind::Logits:
      break;
  }
  return "logits";
}

ComponentGraph::ComponentGraph(const interp::TransformerConfig& config, int64_t positions)
    : ComponentGraph(config.n_heads, positions) {
  if (!config.causal)
    throw std::invalid_argument(
        "component graph: expected a causal network, got one that attends to all positions");
  if (positions > config.n_ctx)
    throw std::invalid_argument(fmt::format(
        "component graph: {} positions, but the model has only {}", positions, config.n_ctx));
}

ComponentGraph::ComponentGraph(std::vector<int64_t> n_heads, int64_t positions)
    : n_heads_(std::move(n_heads)), positions_(positions) {
  if (positions < 0 || n_heads_.empty() || std::ranges::min(n_heads_) < 1)
    throw std::invalid_argument(fmt::format(
        "component graph: expected at least one block, each with heads, and no negative "
        "number of positions; got heads {} and {} positions",
        n_heads_, positions));
  const auto add_writers = [&](const std::vector<Component>& components) {
    writer_groups_.push_back({components[0].kind, components[0].layer,
                              static_cast<int64_t>(writers_.size()),
                              static_cast<int64_t>(components.size())});
    writers_.insert(writers_.end(), components.begin(), components.end());
  };
  const auto add_readers = [&](Port port, const std::vector<Component>& components) {
    const auto n_writers = static_cast<int64_t>(writers_.size());
    const int64_t layer = components[0].layer;
    const bool last = layer + 1 >= n_layers();
    reader_groups_.push_back({.port = port,
                              .layer = layer,
                              .first_reader = static_cast<int64_t>(readers_.size()),
                              .n_readers = static_cast<int64_t>(components.size()),
                              .n_writers = n_writers,
                              .at_readout = last && port != Port::Key && port != Port::Value});
    for (const Component& component : components) {
      readers_.push_back({component, port});
      first_edge_.push_back(first_edge_.back() + n_writers);
    }
  };
  first_edge_ = {0};
  add_writers({{Kind::Input}});
  for (int64_t layer = 0; layer < n_layers(); ++layer) {
    std::vector<Component> heads;
    for (int64_t head = 0; head < n_heads_[layer]; ++head)
      heads.push_back({Kind::Head, layer, head});
    for (const Port port : {Port::Query, Port::Key, Port::Value}) add_readers(port, heads);
    add_writers(heads);
    add_readers(Port::Whole, {{Kind::Mlp, layer}});
    add_writers({{Kind::Mlp, layer}});
  }
  add_readers(Port::Whole, {{Kind::Logits, n_layers()}});
}

Edge ComponentGraph::edge(int64_t id) const {
  const int64_t column = id % columns();
  const auto after = std::ranges::upper_bound(first_edge_, column);
  const int64_t reader = after - first_edge_.begin() - 1;
  return {column - first_edge_[reader], reader, positions_ == 0 ? -1 : id / columns()};
}

int64_t ComponentGraph::id(const Edge& edge) const {
  return std::max<int64_t>(0, edge.position) * columns() + first_edge_[edge.reader] + edge.writer;
}

std::string ComponentGraph::name(int64_t id) const {
  const Edge e = edge(id);
  const Reader& reader = readers_[e.reader];
  return fmt::format("{}->{}{}", placed_name(writers_[e.writer], e.position),
                     placed_name(reader.component, e.position),
                     kPorts[static_cast<size_t>(reader.port)]);
}

std::vector<Component> ComponentGraph::components() const {
  std::vector<Component> components = writers_;
  components.push_back({Kind::Logits, n_layers()});
  return components;
}

Component ComponentGraph::parse_component(std::string_view name) const {
  std::vector<std::string> names;
  for (const Component& component : components()) {
    if (to_string(component) == name) return component;
    names.push_back(to_string(component));
  }
  throw std::invalid_argument(
      fmt::format("no component '{}' in this network; there are {}", name, fmt::join(names, ", ")));
}

int64_t ComponentGraph::parse_edge(std::string_view name) const {
  const size_t arrow = name.find("->");
  if (arrow == std::string_view::npos)
    throw std::invalid_argument(
        fmt::format("edge '{}': expected WRITER->READER, such as m0->logits", name));
  std::string_view target = name.substr(arrow + 2);
  Port port = Port::Whole;
  for (const Port p : {Port::Query, Port::Key, Port::Value}) {
    const std::string_view suffix = kPorts[static_cast<size_t>(p)];
    if (!target.ends_with(suffix)) continue;
    port = p;
    target.remove_suffix(suffix.size());
  }
  try {
    const Placed from = split_position(name.substr(0, arrow)), to = split_position(target);
    const Component source = parse_component(from.name), sink = parse_component(to.name);
    if ((sink.kind == Kind::Head) == (port == Port::Whole))
      throw std::invalid_argument(sink.kind == Kind::Head ? "a head is read into by <q>, <k> or <v>"
                                                          : "only heads have <q>, <k> and <v>");
    if (from.position != to.position || (from.position < 0) != (positions_ == 0) ||
        from.position >= std::max<int64_t>(1, positions_))
      throw std::invalid_argument(
          positions_ == 0
              ? "this graph has no positions"
              : fmt::format("expected one position below {} on both sides", positions_));
    const auto writer = std::ranges::find(writers_, source);
    const auto reader = std::ranges::find(readers_, Reader{sink, port});
    const Edge edge{writer - writers_.begin(), reader - readers_.begin(), from.position};
    if (reader == readers_.end() || edge.writer >= n_writers(edge.reader))
      throw std::invalid_argument(
          fmt::format("{} is not computed before {}", to_string(source), to_string(sink)));
    return id(edge);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("edge '{}': {}", name, error.what()));
  }
}

}  // namespace assay::circuits
