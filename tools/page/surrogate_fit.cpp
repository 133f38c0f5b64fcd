#include "tools/page/surrogate_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasks/page/forest.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::Axis;
using tasks::page::Html;
using tasks::page::mark;
using tasks::page::place;
using tasks::page::tag;

constexpr int kPlotHeight = 240;  // pixels
constexpr double kPlotLeft = 0.03, kPlotRight = 0.97, kPlotTop = 0.06,
                 kPlotBottom = 0.94;  // of the room
// A name takes about as much of a telephone's width and of the height; nearer ones would overlap.
constexpr double kNameWidth = 0.32, kNameHeight = 0.07;

std::vector<double> numbers(const Json& list) {
  std::vector<double> values;
  for (const Json& number : list)
    values.push_back(number.is_null() ? std::nan("") : number.get<double>());
  return values;
}

/// A feature of the input at its importance (x) and its value (y).
struct FittedFeature {
  double x = 0, y = 0;  ///< shares of the room, y downwards
  size_t feature = 0;
};

Html tick(const Axis& axis, double value, bool across) {
  const double at = axis.place_of(value);
  const std::string to = across ? place(kPlotBottom - (kPlotBottom - kPlotTop) * at)
                                : place(kPlotLeft + (kPlotRight - kPlotLeft) * at);
  const std::string words = fmt::format("{}{:g}", value < 0 ? "−" : "", std::abs(value));
  if (across)
    return mark("line",
                {{"class", value == 0 ? "zero" : "g"}, {"x2", "100%"}, {"y1", to}, {"y2", to}}) +
           tag("text", {{"x", "0"}, {"y", to}, {"dy", "-3"}}, words);
  return mark("line",
              {{"class", value == 0 ? "zero" : "g"}, {"x1", to}, {"x2", to}, {"y2", "100%"}}) +
         tag("text",
             {{"x", to},
              {"y", "100%"},
              {"dy", "12"},
              {"text-anchor", at < 0.1   ? "start"
                              : at > 0.9 ? "end"
                                         : "middle"}},
             words);
}

/// Names stand where there is room for them; all are in the table of scores.
Html spot_mark(const FittedFeature& spot, double value, const std::string& name,
               std::vector<FittedFeature>& named) {
  const bool room = std::ranges::none_of(named, [&](const FittedFeature& other) {
    return std::abs(other.x - spot.x) < kNameWidth && std::abs(other.y - spot.y) < kNameHeight;
  });
  Html marks = tag("circle",
                   {{"class", value < 0 ? "point int" : "point"},
                    {"cx", place(spot.x)},
                    {"cy", place(spot.y)},
                    {"r", "5"}},
                   tag("title", name));
  if (!room) return marks;
  named.push_back(spot);
  const bool left = spot.x > 0.55;
  return marks + tag("text",
                     {{"class", "halo name"},
                      {"x", place(spot.x)},
                      {"y", place(spot.y)},
                      {"dx", left ? "-9" : "9"},
                      {"dy", "4"},
                      {"text-anchor", left ? "end" : "start"}},
                     shortened(name, 22));
}

Html scatter(const std::vector<double>& importances, const std::vector<double>& values,
             const std::vector<std::string>& features) {
  std::vector<double> of_x = importances, of_y = values;
  of_x.push_back(0);
  of_y.push_back(0);
  const Axis x = tasks::page::axis_of(of_x), y = tasks::page::axis_of(of_y);
  Html marks;
  for (const double value : x.ticks) marks += tick(x, value, false);
  for (const double value : y.ticks) marks += tick(y, value, true);
  std::vector<FittedFeature> named;
  for (size_t f = 0; f < features.size(); ++f) {
    if (!std::isfinite(importances[f]) || !std::isfinite(values[f])) continue;
    const FittedFeature spot{kPlotLeft + (kPlotRight - kPlotLeft) * x.place_of(importances[f]),
                             kPlotBottom - (kPlotBottom - kPlotTop) * y.place_of(values[f]), f};
    marks += spot_mark(spot, values[f], features[f], named);
  }
  return tag(
      "div", {{"class", "scatter"}},
      tag("div", {{"class", "small soft"}}, "value v: what it says for the answer") +
          tag("svg", {{"height", fmt::to_string(kPlotHeight)}}, marks) +
          tag("div", {{"class", "small soft end"}}, "importance s: how much attention it draws"));
}

/// What the surrogate leaves unexplained, beside simpler ones.
Json fit_facts(const Json& diagnostics) {
  std::vector<Fact> rows;
  const auto add = [&](const char* field, const char* name) {
    if (diagnostics.contains(field) && diagnostics[field].is_number())
      rows.push_back({name, fmt::format("{:.4g}", diagnostics[field].get<double>())});
  };
  add("mse", "squared error of the surrogate");
  add("mse_importance_0", "the same with all importances 0");
  add("mse_constant", "the same of a constant");
  add("r2", "R²");
  const auto is_count = [&](const char* field) {
    return diagnostics.contains(field) && diagnostics[field].is_number_integer() &&
           diagnostics[field].get<int64_t>() >= 0;
  };
  if (is_count("pairs") && is_count("pairs_not_between"))
    rows.push_back(
        {"pairs outside the range of their two values",
         fmt::format("{} of {}; one alone proves that the network is no SLALOM",
                     grouped(diagnostics["pairs_not_between"]), grouped(diagnostics["pairs"]))});
  if (is_count("importances_at_bound"))
    rows.push_back({"importances at their bound", grouped(diagnostics["importances_at_bound"])});
  return facts(rows);
}

}  // namespace

std::optional<Json> surrogate_fit(const Json& explanation,
                                  const std::vector<std::string>& features) {
  if (!explanation.contains("readings") || !explanation["readings"].contains("value") ||
      !explanation["readings"].contains("importance"))
    return std::nullopt;
  const std::vector<double> values = numbers(explanation["readings"]["value"]),
                            importances = numbers(explanation["readings"]["importance"]);
  tasks::page::Csv csv = {{"feature", "importance", "value"}};
  std::string alt = "Features by importance and value:";
  for (size_t f = 0; f < features.size(); ++f) {
    const auto text = [](double number) {
      return std::isnan(number) ? "" : fmt::format("{}", number);
    };
    csv.push_back({features[f], text(importances[f]), text(values[f])});
    alt += fmt::format("{} {}: importance {:.3g}, value {:.3g}", f == 0 ? "" : ";", features[f],
                       importances[f], values[f]);
  }
  const std::string method = explanation.at("method");
  Json blocks = Json::array({heading("How " + method + " was fitted")});
  if (explanation.contains("caveat"))
    blocks.push_back(paragraph(explanation["caveat"].get<std::string>(), Tone::Caution));
  blocks.push_back(tasks::page::block(tasks::page::figure(
      method + "-fit", alt + ".", scatter(importances, values, features),
      "A text scores the mean of its features’ values, weighted by eˢ. A feature far to the right "
      "decides; one far to the left is hardly looked at, whatever its value. Blue speaks for the "
      "answer, orange against it.",
      csv)));
  if (explanation.contains("diagnostics") && explanation["diagnostics"].is_object())
    blocks.push_back(fit_facts(explanation["diagnostics"]));
  return blocks;
}

}  // namespace assay::tools::page
