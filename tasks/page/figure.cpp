#include "tasks/page/figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace assay::tasks::page {
namespace {

constexpr size_t kHeatRow = 15;  // pixels, as in page.css
constexpr int kLevels = 12;      // of a heat map's colour: more cannot be told apart

/// A field as RFC 4180 wants it.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string text_of(const Csv& csv) {
  std::string text;
  for (const auto& line : csv) {
    std::vector<std::string> fields;
    for (const std::string& cell : line) fields.push_back(field(cell));
    text += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return text;
}

Html save_buttons(const std::string& name) {
  Html buttons = tag("span", "save");
  for (const char* kind : {"SVG", "PNG", "CSV"})
    buttons +=
        tag("button",
            {{"type", "button"}, {"aria-label", fmt::format("save {} as {}", name, kind)}}, kind);
  return tag("div", {{"class", "tools"}}, buttons);
}

double within(double share) {
  return std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
}

/// All cells of one depth as one path, of a square of one unit each.
std::string cells_of(const Heat& heat, int level) {
  std::string path;
  for (size_t row = 0; row < heat.shares.size(); ++row)
    for (size_t column = 0; column < heat.shares[row].size(); ++column) {
      const double share = heat.shares[row][column];
      if (!std::isnan(share) && std::lround(within(share) * kLevels) == level)
        path += fmt::format("M{} {}h1v1h-1z", column, row);
    }
  return path;
}

/// The names of every so many columns, upright where they are long: as many as have room on a
/// telephone.
Html column_names(const Heat& heat) {
  const size_t every = (heat.columns.size() + 15) / 16;
  const bool upright =
      std::ranges::any_of(heat.columns, [](const std::string& name) { return name.size() > 2; });
  Html names;
  for (size_t column = 0; column < heat.columns.size(); ++column)
    names += tag("span", column % every == 0 ? Html(heat.columns[column]) : Html());
  return tag("div", {{"class", upright ? "hc upright" : "hc"}}, names);
}

}  // namespace

Html figure(const std::string& name, const std::string& alt, const Html& body, const Html& caption,
            const Csv& csv) {
  const Html shown = alt.empty() ? body : tag("div", {{"role", "img"}, {"aria-label", alt}}, body);
  return tag("figure", {{"data-name", name}, {"data-csv", text_of(csv)}},
             save_buttons(name) + shown + (caption.empty() ? Html() : tag("figcaption", caption)));
}

Html bars(const std::vector<Bar>& bars) {
  Html lines;
  for (const Bar& bar : bars) {
    Html marks;
    if (bar.length > 0)
      marks += mark("rect", {{"class", "bar " + bar.tone},
                             {"x", "0"},
                             {"y", "3"},
                             {"height", "12"},
                             {"width", place(within(bar.length))}});
    if (bar.interval)
      marks += mark("line", {{"class", "wh"},
                             {"x1", place(within(bar.interval->low))},
                             {"x2", place(within(bar.interval->high))},
                             {"y1", "9"},
                             {"y2", "9"}});
    lines += tag("div", {{"class", "num"}}, bar.label) +
             tag("svg", {{"aria-hidden", "true"}, {"height", "18"}}, marks) +
             tag("div", {{"class", "num soft"}}, bar.value);
  }
  return tag("div", {{"class", "bars"}}, lines);
}

Html heat(const Heat& heat) {
  Html labels, marks;
  for (const std::string& row : heat.rows) labels += tag("span", row);
  for (int level = 1; level <= kLevels; ++level)
    if (const std::string cells = cells_of(heat, level); !cells.empty())
      marks += mark("path", {{"class", "depth"},
                             {"d", cells},
                             {"opacity", fmt::format("{:.2f}", level / double(kLevels))}});
  std::string frames;
  for (size_t row = 0; row < heat.framed.size(); ++row)
    for (size_t column = 0; column < heat.framed[row].size(); ++column)
      if (heat.framed[row][column]) frames += fmt::format("M{} {}h1v1h-1z", column, row);
  if (!frames.empty()) marks += mark("path", {{"class", "frame"}, {"d", frames}});
  const Html grid =
      tag("svg",
          {{"viewBox",
            fmt::format("0 0 {} {}", std::max<size_t>(1, heat.columns.size()), heat.rows.size())},
           {"preserveAspectRatio", "none"},
           {"height", fmt::to_string(kHeatRow * heat.rows.size())}},
          marks);
  return tag("div", {{"class", "heat"}},
             tag("div", "") + tag("div", {{"class", "small soft"}}, heat.columns_say) +
                 tag("div", "") + column_names(heat) + tag("div", {{"class", "hl"}}, labels) +
                 grid);
}

}  // namespace assay::tasks::page
