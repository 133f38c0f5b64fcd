#include "tasks/page/forest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::tasks::page {
namespace {

constexpr double kMargin = 0.02;  // of the room, so that a dot at an end is whole
constexpr const char *kMiddle = "11", *kHeight = "22";

std::string along(const Axis& axis, double value) {
  return place(kMargin + (1 - 2 * kMargin) * axis.place_of(value));
}

Html across(const Axis& axis, double value, const char* style) {
  const std::string x = along(axis, value);
  return mark("line", {{"class", style}, {"x1", x}, {"x2", x}, {"y1", "0"}, {"y2", kHeight}});
}

Html marks_of(const Forest& forest, const Forest::Line& line) {
  const Axis& axis = forest.axis;
  Html marks;
  if (forest.band) {
    const double from = axis.place_of(forest.band->low), to = axis.place_of(forest.band->high);
    marks += mark("rect", {{"class", "chance"},
                           {"x", along(axis, forest.band->low)},
                           {"width", place((1 - 2 * kMargin) * std::max(0.004, to - from))},
                           {"y", "0"},
                           {"height", kHeight}});
  }
  for (const double tick : axis.ticks) marks += across(axis, tick, "g");
  if (forest.zero) marks += across(axis, *forest.zero, "zero");
  if (line.span)
    marks += mark("line", {{"class", "span " + line.tone},
                           {"x1", along(axis, line.span->low)},
                           {"x2", along(axis, line.span->high)},
                           {"y1", kMiddle},
                           {"y2", kMiddle}});
  if (line.at)
    marks += mark("circle", {{"class", (line.hollow ? "point hollow " : "point ") + line.tone},
                             {"cx", along(axis, *line.at)},
                             {"cy", kMiddle},
                             {"r", "4.5"}});
  return marks;
}

Html line_html(const Forest& forest, const Forest::Line& line) {
  return tag(
      "div", {{"class", "fl"}, {"role", "row"}},
      tag("div", {{"class", "fn"}, {"role", "rowheader"}}, line.name) +
          tag("div", {{"class", "ft"}, {"role", "cell"}},
              tag("svg", {{"aria-hidden", "true"}, {"height", kHeight}}, marks_of(forest, line))) +
          tag("div", {{"class", "fv"}, {"role", "cell"}},
              tag("b", line.value) +
                  (line.under.empty() ? Html() : " " + span("soft", line.under))));
}

/// `−0.5`, with a minus that is as wide as a digit.
std::string tick_text(double tick, bool percent) {
  if (percent) return fmt::format("{:g}%", 100 * tick);
  return fmt::format("{}{:g}", tick < 0 ? "−" : "", std::abs(tick));
}

/// The name of a tick, and how much of the axis it takes where a forest is narrowest.
struct TickName {
  std::string text;
  const char* anchor;
  double from, to;
};

constexpr double kCharacter = 0.045, kBetween = 0.01;

TickName tick_name(const Axis& axis, double tick) {
  const double at = axis.place_of(tick);
  const std::string text = tick_text(tick, axis.percent);
  const auto bytes_of_minus = tick < 0 && !axis.percent ? 2 : 0;  // more than its one column
  const double width = kCharacter * static_cast<double>(std::ssize(text) - bytes_of_minus);
  if (at < 0.08) return {text, "start", at, at + width};
  if (at > 0.92) return {text, "end", at - width, at};
  return {text, "middle", at - width / 2, at + width / 2};
}

/// Names that would touch another one are left out; the two ends stay.
Html axis_html(const Axis& axis) {
  Html ticks;
  double taken = 0;  // of the axis, by the names so far
  for (const double tick : axis.ticks) {
    const TickName name = tick_name(axis, tick);
    const bool is_last = tick == axis.ticks.back();
    if (name.from < taken || (!is_last && name.to > tick_name(axis, axis.ticks.back()).from))
      continue;
    taken = name.to + kBetween;
    ticks += tag("text", {{"x", along(axis, tick)}, {"y", "12"}, {"text-anchor", name.anchor}},
                 name.text);
  }
  return tag("div", {{"class", "fl axis"}, {"aria-hidden", "true"}},
             tag("div", {{"class", "ft"}}, tag("svg", {{"height", "16"}}, ticks)));
}

/// The least of 1, 2, 5, 10, 20 … times a power of ten that is at least `size`.
double round_step(double size) {
  const double power = std::pow(10, std::floor(std::log10(size)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * power >= size * (1 - 1e-9)) return digit * power;
  return 10 * power;
}

Axis logarithmic_axis(double low, double high) {
  low = std::max(low, 1e-300);  // powers of ten beyond these are 0 or infinite
  high = std::min(high, 1e300);
  const double first = std::floor(std::log10(low)), last = std::ceil(std::log10(high));
  Axis axis{
      .low = std::pow(10, first), .high = std::pow(10, last), .ticks = {}, .logarithmic = true};
  const double step = std::max(1.0, std::ceil((last - first) / 3));
  for (double decade = first; decade <= last + 1e-9; decade += step)
    axis.ticks.push_back(std::pow(10, decade));
  return axis;
}

}  // namespace

double Axis::place_of(double value) const {
  if (std::isnan(value) || !(high > low)) return 0;
  const double share = logarithmic ? (std::log(std::max(value, low)) - std::log(low)) /
                                         (std::log(high) - std::log(low))
                                   : (value - low) / (high - low);
  return std::clamp(share, 0.0, 1.0);
}

Axis axis_of(const std::vector<double>& values) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values)
    if (std::isfinite(value)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  if (low > high) return {.low = 0, .high = 1, .ticks = {0, 1}};
  if (low > 0 && high > 100 * low) return logarithmic_axis(low, high);
  if (low == high) {
    low -= low == 0 ? 1 : std::abs(low) / 2;
    high += high == 0 ? 1 : std::abs(high) / 2;
  }
  if (high - low < 1e-290) return {.low = -1, .high = 1, .ticks = {-1, 0, 1}};
  const double step = round_step((high - low) / 3);
  Axis axis{.low = step * std::floor(low / step), .high = step * std::ceil(high / step)};
  for (int i = 0; axis.low + i * step <= axis.high + step / 2; ++i) {
    const double tick = axis.low + i * step;
    axis.ticks.push_back(std::abs(tick) < step / 1000 ? 0 : tick);
  }
  return axis;
}

Html forest(const Forest& forest) {
  Html lines = tag("div", {{"class", "fs"}}, forest.says);
  Html rows;
  for (const Forest::Line& line : forest.lines) rows += line_html(forest, line);
  return tag("div", {{"class", "forest"}},
             lines + tag("div", {{"role", "table"}, {"aria-label", forest.says}}, rows) +
                 axis_html(forest.axis));
}

}  // namespace assay::tasks::page
