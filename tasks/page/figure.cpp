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

/// Every so many of the names along an axis, upright where they are long: as many as have room on a
/// telephone.
Html names_along(const std::vector<std::string>& names) {
  const size_t every = (names.size() + 15) / 16;
  const bool upright =
      std::ranges::any_of(names, [](const std::string& name) { return name.size() > 2; });
  Html shown;
  for (size_t i = 0; i < names.size(); ++i)
    shown += tag("span", i % every == 0 ? Html(names[i]) : Html());
  return tag("div", {{"class", upright ? "hc upright" : "hc"}}, shown);
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

Html columns(const std::vector<Bar>& bars, const std::string& most) {
  constexpr double kHeight = 110;
  const double width = 1.0 / static_cast<double>(std::max<size_t>(1, bars.size()));
  Html marks;
  std::vector<std::string> names;
  for (size_t i = 0; i < bars.size(); ++i) {
    const double height = kHeight * within(bars[i].length);
    marks += mark("rect", {{"class", "bar " + bars[i].tone},
                           {"x", place(width * (static_cast<double>(i) + 0.1))},
                           {"width", place(0.8 * width)},
                           {"y", fmt::format("{:.1f}", kHeight - height)},
                           {"height", fmt::format("{:.1f}", height)}});
    names.push_back(bars[i].label);
  }
  marks += mark("line", {{"class", "base"}, {"x2", "100%"}, {"y1", "110"}, {"y2", "110"}});
  return tag("div", {{"class", "columns"}},
             tag("div", {{"class", "small soft"}}, most) +
                 tag("svg", {{"height", "112"}, {"aria-hidden", "true"}}, marks) +
                 names_along(names));
}

namespace {

/// A path in a square of one unit, y upwards. A point without neighbours is a line of no length.
std::string path_of(const Curves::Curve& curve) {
  std::string path;
  bool down = false;  // whether the pen is
  for (const auto& [x, y] : curve.points) {
    if (std::isnan(x) || std::isnan(y)) {
      down = false;
      continue;
    }
    path += fmt::format("{}{:.4f} {:.4f}", down ? "L" : "M", within(x), 1 - within(y));
    if (!down) path += "h0";
    down = true;
  }
  return path;
}

Html key_of(const Curves& curves) {
  Html names;
  if (curves.all.size() > 1)
    for (const Curves::Curve& curve : curves.all)
      names += span("", tag("svg", {{"width", "22"}, {"height", "10"}, {"aria-hidden", "true"}},
                            mark("line", {{"class", "curve " + curve.tone},
                                          {"x1", "0"},
                                          {"x2", "22"},
                                          {"y1", "5"},
                                          {"y2", "5"}})) +
                            curve.name);
  return names.empty() ? Html() : tag("div", {{"class", "key"}}, names);
}

}  // namespace

Html curves(const Curves& curves) {
  Html y_names, x_names, marks, paths;
  for (const Curves::Tick& tick : curves.y) {
    const std::string y = place(1 - tick.place);
    y_names +=
        tag("text", {{"x", "100%"}, {"y", y}, {"dy", "4"}, {"text-anchor", "end"}}, tick.text);
    marks += mark("line", {{"class", "g"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
  }
  for (const Curves::Tick& tick : curves.x)
    x_names += tag("text",
                   {{"x", place(tick.place)},
                    {"y", "12"},
                    {"text-anchor", tick.place < 0.1   ? "start"
                                    : tick.place > 0.9 ? "end"
                                                       : "middle"}},
                   tick.text);
  for (const Curves::Curve& curve : curves.all)
    if (const std::string path = path_of(curve); !path.empty())
      paths += mark(
          "path", {{"class", (path.find('L') == path.npos ? "curve dots " : "curve ") + curve.tone},
                   {"d", path}});
  marks += tag("svg",
               {{"viewBox", "0 0 1 1"},
                {"preserveAspectRatio", "none"},
                {"width", "100%"},
                {"height", "100%"}},
               paths);
  return key_of(curves) +
         tag("div", {{"class", "curves"}},
             tag("div", "") + tag("div", {{"class", "small soft"}}, curves.y_says) +
                 tag("svg", {{"height", "150"}}, y_names) + tag("svg", {{"height", "150"}}, marks) +
                 tag("div", "") + tag("svg", {{"height", "16"}}, x_names) + tag("div", "") +
                 tag("div", {{"class", "small soft end"}}, curves.x_says));
}

std::vector<Curves::Tick> decades(double low, double high) {
  std::vector<Curves::Tick> ticks;
  const double from = std::log10(low), to = std::log10(high);
  if (!(to > from)) return {{0, fmt::format("{:g}", low)}};
  const double step = std::max(1.0, std::ceil((to - from) / 6));
  for (double decade = std::ceil(from); decade <= to + 1e-9; decade += step)
    ticks.push_back({(decade - from) / (to - from), fmt::format("{:g}", std::pow(10, decade))});
  if (ticks.size() < 2) return {{0, fmt::format("{:.2g}", low)}, {1, fmt::format("{:.2g}", high)}};
  return ticks;
}

namespace {

/// Shares in whole per cent, for whoever points at a cell (heat.js): `12,0,88;…`, nothing where
/// there is nothing.
std::string percents_of(const Heat& heat) {
  std::string text;
  for (const std::vector<double>& row : heat.shares) {
    if (!text.empty()) text += ';';
    for (size_t column = 0; column < row.size(); ++column) {
      if (column > 0) text += ',';
      if (!std::isnan(row[column])) text += fmt::format("{:.0f}", 100 * row[column]);
    }
  }
  return text;
}

}  // namespace

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
           {"data-shares", percents_of(heat)},
           {"height", fmt::to_string(kHeatRow * heat.rows.size())}},
          marks);
  return tag("div", {{"class", "heat"}},
             tag("div", "") + tag("div", {{"class", "small soft"}}, heat.columns_say) +
                 tag("div", "") + names_along(heat.columns) +
                 tag("div", {{"class", "hl"}}, labels) + grid);
}

}  // namespace assay::tasks::page
