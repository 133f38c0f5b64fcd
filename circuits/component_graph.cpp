#include "circuits/component_graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "interp/json_shape.h"
#include "interp/transformer.h"

namespace assay::circuits {
namespace {

constexpr std::string_view kPorts[] = {"<q>", "<k>", "<v>", ""};

constexpr size_t kNamesListed = 40;  // of components that exist, in errors

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

/// `12` -> 12.
std::optional<int64_t> whole_number(std::string_view digits) {
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const bool whole =
      std::from_chars(digits.data(), end, value) == std::from_chars_result{end, std::errc()};
  if (!whole || value < 0) return std::nullopt;
  return value;
}

/// The component that is called so in a network that has it, but for the logits.
std::optional<Component> component_named(std::string_view name) {
  if (name == "input") return Component{Kind::Input};
  if (name.starts_with('m')) {
    if (const auto layer = whole_number(name.substr(1))) return Component{Kind::Mlp, *layer};
  }
  const size_t head_at = name.find(".h");
  if (!name.starts_with('a') || head_at == name.npos) return std::nullopt;
  const auto layer = whole_number(name.substr(1, head_at - 1)),
             head = whole_number(name.substr(head_at + 2));
  if (!layer || !head) return std::nullopt;
  return Component{Kind::Head, *layer, *head};
}

/// @throws std::invalid_argument for sizes that no network has.
void require_sizes(const std::vector<int64_t>& n_heads, int64_t positions) {
  if (positions < 0 || n_heads.empty() || std::ranges::min(n_heads) < 1)
    throw std::invalid_argument(fmt::format(
        "component graph: expected at least one block, each with heads, and no negative "
        "number of positions; got heads {} and {} positions",
        n_heads, positions));
  int64_t heads = 0, writers = 1, edges = 0;
  for (const int64_t n : n_heads) {
    if (n > kMostHeads - heads)
      throw std::invalid_argument(
          fmt::format("component graph: more than {} heads in all", kMostHeads));
    heads += n;
    edges += 3 * n * writers + (writers + n);
    writers += n + 1;
  }
  edges += writers;
  if (edges > kMostEdges / std::max<int64_t>(1, positions))
    throw std::invalid_argument(
        fmt::format("component graph: {} edges at each of {} positions, more than {} in all", edges,
                    std::max<int64_t>(1, positions), kMostEdges));
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
  require_sizes(n_heads_, positions_);
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

int64_t ComponentGraph::index_of(const Component& component) const {
  switch (component.kind) {
    case Kind::Input:
      return 0;
    case Kind::Head:
      return writer_groups_[1 + 2 * component.layer].first_writer + component.head;
    case Kind::Mlp:
      return writer_groups_[2 + 2 * component.layer].first_writer;
    case Kind::Logits:
      break;
  }
  return static_cast<int64_t>(writers_.size());
}

int64_t ComponentGraph::index_of(const Reader& reader) const {
  const Component& component = reader.component;
  if (component.kind == Kind::Logits) return static_cast<int64_t>(readers_.size()) - 1;
  const ReaderGroup& group =
      reader_groups_[4 * component.layer + static_cast<int64_t>(reader.port)];
  return group.first_reader + component.head;
}

Component ComponentGraph::parse_component(std::string_view name) const {
  if (name == "logits") return {Kind::Logits, n_layers()};
  const auto found = component_named(name);
  if (found && found->layer < n_layers() && found->head < n_heads_[found->layer] &&
      to_string(*found) == name)
    return *found;
  std::vector<std::string> names;
  for (const Component& component : components()) {
    if (names.size() == kNamesListed) names.emplace_back("…");
    if (names.size() > kNamesListed) break;
    names.push_back(to_string(component));
  }
  throw std::invalid_argument(fmt::format("no component '{}' in this network; there are {}",
                                          interp::cut_short(name, 80), fmt::join(names, ", ")));
}

/// One name per edge: `m0@07->m1@07` would be a second one.
int64_t ComponentGraph::id_written_as(std::string_view name, const Edge& edge) const {
  const std::string own = this->name(id(edge));
  if (own != name) throw std::invalid_argument(fmt::format("expected it to be written {}", own));
  return id(edge);
}

int64_t ComponentGraph::parse_edge(std::string_view name) const {
  const std::string shown = interp::cut_short(name, 80);
  const size_t arrow = name.find("->");
  if (arrow == std::string_view::npos)
    throw std::invalid_argument(
        fmt::format("edge '{}': expected WRITER->READER, such as m0->logits", shown));
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
    if (sink.kind != Kind::Input) {
      const Edge edge{index_of(source), index_of(Reader{sink, port}), from.position};
      if (edge.writer < n_writers(edge.reader)) return id_written_as(name, edge);
    }
    throw std::invalid_argument(
        fmt::format("{} is not computed before {}", to_string(source), to_string(sink)));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("edge '{}': {}", shown, error.what()));
  }
}

}  // namespace assay::circuits
