#include "tools/page/layered.h"

#include <fmt/format.h>

#include <algorithm>
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

int height_of(const std::vector<Spot>& spots) {
  int bottom = 0;
  for (const Spot& spot : spots) bottom = std::max(bottom, spot.y);
  return bottom + kBelowLast;
}

}  // namespace

std::vector<Spot> spots_of(const std::vector<int64_t>& layers) {
  std::map<int64_t, std::vector<size_t>> members;
  for (size_t i = 0; i < layers.size(); ++i) members[layers[i]].push_back(i);
  std::vector<Spot> spots(layers.size());
  int row = 0;
  for (const auto& [layer, nodes] : members) {
    for (size_t i = 0; i < nodes.size(); ++i)
      spots[nodes[i]] = {(static_cast<double>(i) + 0.5) / static_cast<double>(nodes.size()),
                         kFirstLayer + kLayerHeight * row, nodes.size() > kNamesAbreast};
    ++row;
  }
  return spots;
}

// Both ends are upright, so that lines that meet in a node, or run past one, stay apart.
Html connection(const Spot& from, const Spot& to, const std::string& style,
                const tasks::page::Attributes& more) {
  const double middle = (from.y + to.y) / 2.0;
  tasks::page::Attributes attributes = {
      {"class", style},
      {"d", fmt::format("M{0:.2f} {1}C{0:.2f} {4:g} {2:.2f} {4:g} {2:.2f} {3}", 100 * from.x,
                        from.y, 100 * to.x, to.y, middle)}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return mark("path", attributes);
}

Html node_mark(const Spot& spot, const std::string& name, const std::string& style) {
  const std::string x = place(spot.x), y = fmt::to_string(spot.y);
  const char* anchor = "middle";
  if (spot.x < 0.08) anchor = "start";
  if (spot.x > 0.92) anchor = "end";
  return tag("g",
             {{"class", "n " + style + (spot.abreast_of_many ? " many" : "")}, {"data-name", name}},
             mark("circle", {{"cx", x}, {"cy", y}, {"r", "5"}}) +
                 tag("text", {{"x", x}, {"y", y}, {"dy", "-9"}, {"text-anchor", anchor}},
                     shortened(name, kNodeName)));
}

Html layered_svg(const std::vector<Spot>& spots, const Html& lines, const Html& nodes,
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
