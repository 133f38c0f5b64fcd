#include "circuits/components/component_graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

#include "interp/files/json_shape.h"

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

std::vector<ComponentGraph::Sublayer> ComponentGraph::sublayers_of(const interp::Places& places,
                                                                   int64_t positions) {
  if (places.components.empty())
    throw std::invalid_argument(
        "component graph: expected a network whose components write to a residual stream that adds "
        "up; of this one no such components are known");
  if (!places.additive)
    throw std::invalid_argument(
        "component graph: expected a network whose components write to a residual stream that adds "
        "up; this one is post-norm: its stream is normalised after each sum, so that what a "
        "component has written is in it no longer as it was");
  if (!places.causal)
    throw std::invalid_argument(
        "component graph: expected a causal network, got one that attends to all positions");
  if (places[places.logits].positions(places.n_ctx) != places.n_ctx)
    throw std::invalid_argument(
        "component graph: expected a network with logits at every position, got one that pools its "
        "positions");
  if (positions > places.n_ctx)
    throw std::invalid_argument(fmt::format(
        "component graph: {} positions, but the model has only {}", positions, places.n_ctx));
  std::vector<Sublayer> sublayers;
  for (const interp::ComponentPlaces& component : places.components)
    sublayers.push_back({component.kind, component.layer, component.count, component.joins});
  return sublayers;
}

std::vector<ComponentGraph::Sublayer> ComponentGraph::one_after_the_other(
    const std::vector<int64_t>& n_heads, int64_t positions, const Blocks& blocks) {
  require_sizes(n_heads, positions);
  std::vector<Sublayer> sublayers;
  const auto add = [&](Kind kind, int64_t layer, int64_t count, bool beside) {
    const auto index = static_cast<int64_t>(sublayers.size());
    sublayers.push_back({kind, layer, count, beside ? index - 1 : index});
  };
  const auto n_layers = static_cast<int64_t>(n_heads.size());
  add(Kind::Input, 0, 1, false);
  for (int64_t layer = 0; layer < n_layers; ++layer) {
    add(Kind::Head, layer, n_heads[layer], false);
    if (blocks.mlps) add(Kind::Mlp, layer, 1, blocks.parallel);
  }
  add(Kind::Logits, n_layers, 1, false);
  return sublayers;
}

ComponentGraph::ComponentGraph(const interp::Places& places, int64_t positions)
    : ComponentGraph(sublayers_of(places, positions), positions) {}

ComponentGraph::ComponentGraph(const std::vector<int64_t>& n_heads, int64_t positions,
                               const Blocks& blocks)
    : ComponentGraph(one_after_the_other(n_heads, positions, blocks), positions) {}

ComponentGraph::ComponentGraph(std::vector<Sublayer> sublayers, int64_t positions)
    : sublayers_(std::move(sublayers)), positions_(positions) {
  require_sizes(n_heads(), positions_);
  // Which place they join says no more than who joins together, and is not known of a file.
  int64_t joined = sublayers_[0].joins;
  for (size_t i = 0, first = 0; i < sublayers_.size(); ++i) {
    if (sublayers_[i].joins != joined) first = i;
    joined = std::exchange(sublayers_[i].joins, static_cast<int64_t>(first));
    index_[{sublayers_[i].kind, sublayers_[i].layer}] = i;
  }
  first_edge_ = {0};
  for (size_t first = 0, end = 0; first < sublayers_.size(); first = end) {
    while (end < sublayers_.size() && sublayers_[end].joins == sublayers_[first].joins) ++end;
    for (size_t i = first; i < end; ++i) add_readers(i);
    for (size_t i = first; i < end; ++i) add_writers(i);
  }
}

std::vector<int64_t> ComponentGraph::n_heads() const {
  std::vector<int64_t> heads;
  for (const Sublayer& sublayer : sublayers_)
    if (sublayer.kind == Kind::Head) heads.push_back(sublayer.count);
  return heads;
}

Blocks ComponentGraph::blocks() const {
  const Sublayer* mlp = find(Kind::Mlp, 0);
  return {.mlps = mlp != nullptr,
          .parallel = mlp != nullptr && mlp->joins == find(Kind::Head, 0)->joins};
}

void ComponentGraph::add_readers(size_t index) {
  Sublayer& sublayer = sublayers_[index];
  if (sublayer.kind == Kind::Input) return;
  sublayer.readers = reader_groups_.size();
  const bool last =
      std::none_of(sublayers_.begin() + static_cast<std::ptrdiff_t>(index) + 1, sublayers_.end(),
                   [](const Sublayer& later) { return later.kind == Kind::Head; });
  const auto n_writers = static_cast<int64_t>(writers_.size());
  const auto add = [&](Port port) {
    reader_groups_.push_back({.port = port,
                              .layer = sublayer.layer,
                              .first_reader = static_cast<int64_t>(readers_.size()),
                              .n_readers = sublayer.count,
                              .n_writers = n_writers,
                              .at_readout = last && port != Port::Key && port != Port::Value,
                              .component = static_cast<int>(index)});
    for (int64_t head = 0; head < sublayer.count; ++head) {
      readers_.push_back({{sublayer.kind, sublayer.layer, head}, port});
      first_edge_.push_back(first_edge_.back() + n_writers);
    }
  };
  if (sublayer.kind == Kind::Head)
    for (const Port port : {Port::Query, Port::Key, Port::Value}) add(port);
  else
    add(Port::Whole);
}

void ComponentGraph::add_writers(size_t index) {
  Sublayer& sublayer = sublayers_[index];
  if (sublayer.kind == Kind::Logits) return;
  sublayer.writers = writer_groups_.size();
  writer_groups_.push_back({.kind = sublayer.kind,
                            .layer = sublayer.layer,
                            .first_writer = static_cast<int64_t>(writers_.size()),
                            .n_writers = sublayer.count,
                            .component = static_cast<int>(index),
                            .stage = sublayer.joins});
  for (int64_t head = 0; head < sublayer.count; ++head)
    writers_.push_back({sublayer.kind, sublayer.layer, head});
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

const ComponentGraph::Sublayer* ComponentGraph::find(Kind kind, int64_t layer) const {
  const auto found = index_.find({kind, layer});
  return found == index_.end() ? nullptr : &sublayers_[found->second];
}

int64_t ComponentGraph::index_of(const Component& component) const {
  if (component.kind == Kind::Logits) return static_cast<int64_t>(writers_.size());
  const Sublayer& sublayer = *find(component.kind, component.layer);
  return writer_groups_[sublayer.writers].first_writer + component.head;
}

int64_t ComponentGraph::index_of(const Reader& reader) const {
  const Component& component = reader.component;
  const auto port = reader.port == Port::Whole ? 0 : static_cast<size_t>(reader.port);
  return reader_groups_[find(component.kind, component.layer)->readers + port].first_reader +
         component.head;
}

Component ComponentGraph::parse_component(std::string_view name) const {
  if (name == "logits") return {Kind::Logits, n_layers()};
  const auto found = component_named(name);
  const Sublayer* sublayer = found ? find(found->kind, found->layer) : nullptr;
  if (sublayer && found->head < sublayer->count && to_string(*found) == name) return *found;
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
