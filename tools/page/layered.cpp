#include "tools/page/layered.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::Html;
using tasks::page::mark;
using tasks::page::place;
using tasks::page::tag;

constexpr int kLayerHeight = 62, kFirstLayer = 24, kBelowLast = 16;  // pixels
constexpr size_t kNamesAbreast = 8, kNodeName = 18;

int height_of(const std::vector<NodePlace>& spots) {
  int bottom = 0;
  for (const NodePlace& spot : spots) bottom = std::max(bottom, spot.y);
  return bottom + kBelowLast;
}

}  // namespace

std::vector<NodePlace> places_of(const std::vector<int64_t>& layers) {
  std::map<int64_t, std::vector<size_t>> members;
  for (size_t i = 0; i < layers.size(); ++i) members[layers[i]].push_back(i);
  std::vector<NodePlace> spots(layers.size());
  int row = 0;
  for (const auto& [layer, nodes] : members) {
    for (size_t i = 0; i < nodes.size(); ++i)
      spots[nodes[i]] = {(static_cast<double>(i) + 0.5) / static_cast<double>(nodes.size()),
                         kFirstLayer + kLayerHeight * row, nodes.size() > kNamesAbreast};
    ++row;
  }
  return spots;
}

// Both ends are upright, so that lines that meet in a node stay apart. A line straight down past
// the nodes of other layers bends around them.
Html connection(const NodePlace& from, const NodePlace& to, const std::string& style,
                const tasks::page::Attributes& more) {
  constexpr double kBend = 9;  // per cent of the room
  const bool past_others = to.y - from.y > kLayerHeight && std::abs(from.x - to.x) < 0.02;
  const double bend = past_others ? kBend : 0, middle = (from.y + to.y) / 2.0;
  tasks::page::Attributes attributes = {
      {"class", style},
      {"d", fmt::format("M{:.2f} {}C{:.2f} {:g} {:.2f} {:g} {:.2f} {}", 100 * from.x, from.y,
                        100 * from.x + bend, middle, 100 * to.x + bend, middle, 100 * to.x, to.y)}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return mark("path", attributes);
}

Html node_mark(const NodePlace& spot, const std::string& name, const std::string& style) {
  const std::string x = place(spot.x), y = fmt::to_string(spot.y);
  const char* anchor = "middle";
  if (spot.x < 0.08) anchor = "start";
  if (spot.x > 0.92) anchor = "end";
  return tag("g",
             {{"class", "n " + style + (spot.abreast_of_many ? " many" : "")}, {"data-name", name}},
             tag("text", {{"x", x}, {"y", y}, {"dy", "-9"}, {"text-anchor", anchor}},
                 shortened(name, kNodeName)) +
                 mark("circle", {{"cx", x}, {"cy", y}, {"r", "5"}}));
}

Html layered_svg(const std::vector<NodePlace>& spots, const Html& lines, const Html& nodes,
                 const std::string& style) {
  const int height = height_of(spots);
  return tag("svg", {{"class", "layers " + style}, {"height", fmt::to_string(height)}},
             tag("svg",
                 {{"viewBox", fmt::format("0 0 100 {}", height)},
                  {"preserveAspectRatio", "none"},
                  {"width", "100%"},
                  {"height", fmt::to_string(height)}},
                 lines) +
                 nodes);
}

}  // namespace assay::tools::page
