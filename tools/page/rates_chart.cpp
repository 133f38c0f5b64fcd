#include "tools/page/rates_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/page/page.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

constexpr double kLeastPlace = 1e-15;

/// A decade below everything that is positive, if there is room: where an exact zero is drawn, and
/// marked as such.
double place_of_zero(const std::vector<AxiomRow>& rows) {
  double smallest = 0.01;
  for (const AxiomRow& row : rows)
    for (const double value : {row.rate, row.lower, row.upper, row.claim.value_or(0)})
      if (value > 0) smallest = std::min(smallest, value);
  return std::max(kLeastPlace, std::pow(10, std::floor(std::log10(smallest)) - 1));
}

Json points_of(const std::vector<AxiomRow>& rows, bool exact, double zero) {
  const auto at = [&](double value) { return std::max(value, zero); };
  Json points = Json::array();
  for (const AxiomRow& row : rows) {
    Json point = {{"node", row.node},
                  {"axiom", row.label()},
                  {"rate", at(row.rate)},
                  {"lower", at(row.lower)},
                  {"upper", at(row.upper)},
                  {"all", at(row.anytime ? row.anytime->upper : row.simultaneous_upper)},
                  {"failures", fmt::format("{} of {}", grouped(row.failures), grouped(row.n))},
                  {"rate found", percent(row.rate, 4)},
                  {"none", row.failures == 0}};
    if (!exact)
      point["bounds"] = fmt::format("{} to {}", percent(row.lower, 4), percent(row.upper, 4));
    if (row.claim) point.update({{"claim", at(*row.claim)}, {"verdict", row.verdict}});
    points.push_back(point);
  }
  return points;
}

/// The x channel of one field, on the axis that all layers share.
Json x_of(const char* field, double zero) {
  const std::string label = fmt::format(
      "datum.value <= {} ? '0' : format(datum.value, datum.value >= 0.01 ? '.0%' : datum.value >= "
      "0.001 ? '.1%' : datum.value >= 0.0001 ? '.2%' : '.3~%')",
      zero * 1.01);
  Json ticks = Json::array();
  for (double tick = zero; tick < 1.01; tick *= 10) ticks.push_back(tick);
  return {{"field", field},
          {"type", "quantitative"},
          {"scale", {{"type", "log"}, {"domain", {zero, 1}}}},
          {"axis",
           {{"title", "failure rate (logarithmic, with an exact 0 at the left)"},
            {"values", ticks},
            {"labelExpr", label}}}};
}

Json interval(const char* high, double width, const char* colour, double opacity, double zero) {
  return {
      {"mark", {{"type", "rule"}, {"strokeWidth", width}, {"color", colour}, {"opacity", opacity}}},
      {"encoding", {{"x", x_of("lower", zero)}, {"x2", {{"field", high}}}}}};
}

Json rate_points(double zero) {
  const Json fill = {{"condition", {{"test", "datum.none"}, {"value", "var(--paper)"}}},
                     {"value", "var(--accent)"}};
  return {{"mark",
           {{"type", "point"},
            {"size", 55},
            {"strokeWidth", 2},
            {"opacity", 1},
            {"stroke", "var(--accent)"}}},
          {"encoding", {{"x", x_of("rate", zero)}, {"fill", fill}}}};
}

Json claim_ticks(double zero) {
  const Json colour = {
      {"field", "verdict"},
      {"type", "nominal"},
      {"legend", nullptr},
      {"scale",
       {{"domain", {"holds", "violated", "undecided", "vacuous"}},
        {"range", {"var(--good)", "var(--bad)", "var(--caution)", "var(--bad)"}}}}};
  return {{"transform", Json::array({{{"filter", "datum.claim != null"}}})},
          {"mark", {{"type", "tick"}, {"thickness", 3}, {"size", 17}, {"opacity", 1}}},
          {"encoding", {{"x", x_of("claim", zero)}, {"color", colour}}}};
}

/// Groups in the order of the report, each under its node's name.
Json groups(const std::vector<AxiomRow>& rows) {
  Json names = Json::array();
  for (const AxiomRow& row : rows)
    if (names.empty() || names.back() != row.node) names.push_back(row.node);
  const Json header = {{"labelOrient", "top"},   {"labelAnchor", "start"}, {"labelAngle", 0},
                       {"labelFontWeight", 600}, {"labelFontSize", 13},    {"labelPadding", 4}};
  return {{"field", "node"},
          {"type", "nominal"},
          {"sort", names},
          {"title", nullptr},
          {"header", header}};
}

Json specification(const std::vector<AxiomRow>& rows, bool exact) {
  const double zero = place_of_zero(rows);
  Json layers = Json::array();
  if (!exact) {
    layers.push_back(interval("all", 1.5, "var(--faint)", 1, zero));
    layers.push_back(interval("upper", 5, "var(--accent)", 0.45, zero));
  }
  layers.push_back(rate_points(zero));
  layers.push_back(claim_ticks(zero));
  const Json tooltip = exact ? hover({"node", "axiom", "failures", "rate found"})
                             : hover({"node", "axiom", "failures", "rate found", "bounds"});
  return {{"data", {{"values", points_of(rows, exact, zero)}}},
          {"facet", {{"row", groups(rows)}}},
          {"spacing", 10},
          {"spec",
           {{"width", 640},
            {"height", {{"step", 20}}},
            {"encoding", {{"y", lines_by("axiom")}, {"tooltip", tooltip}}},
            {"layer", layers}}}};
}

}  // namespace

Json rates_chart(const std::vector<AxiomRow>& rows, bool exact) {
  std::string alt = "Failure rates of every node and axiom on a logarithmic scale:";
  for (const AxiomRow& row : rows)
    alt += fmt::format(
        " {}.{} {}{},", row.node, row.label(), percent(row.rate, 3),
        row.claim ? fmt::format(" (claimed at most {:g}%, {})", 100 * *row.claim, row.verdict)
                  : "");
  alt.back() = '.';
  const std::string caption =
      exact
          ? "Circle: the rate itself, hollow where nothing failed. Upright stroke: what is claimed "
            "at most."
          : fmt::format(
                "Circle: the rate found, hollow where nothing failed. Thick line: between the "
                "exact bounds; thin line: up to the bound that holds {}. Upright stroke: what "
                "is claimed at most.",
                !rows.empty() && rows.front().anytime ? "wherever one stops"
                                                      : "for all rows together");
  return chart(caption, alt, specification(rows, exact));
}

}  // namespace assay::tools::page
