// How well a circuit stands in for its network.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasks/page/figure.h"
#include "tools/measure_fields.h"
#include "tools/measure_text.h"
#include "tools/page/headline.h"
#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using circuits::Measures;
using circuits::Rate;
using statistics::Interval;
using tasks::page::Csv;
using tasks::page::tag;

/// With `--ablation all` one row per ablation, else one.
std::vector<Measures> rows_of(const Json& measures) {
  if (measures.contains("rows"))
    return interp::read_checked<std::vector<Measures>>(measures["rows"]);
  return {interp::read_checked<Measures>(measures)};
}

bool has_ends(const Interval& interval) {
  return interval.exists() && std::isfinite(interval.low) && std::isfinite(interval.high);
}

std::string interval_text(const Interval& interval, int decimals) {
  if (!interval.exists()) return "no interval";
  if (!has_ends(interval)) return "unbounded";
  return fmt::format("{:.{}f} to {:.{}f}", interval.low, decimals, interval.high, decimals);
}

/// A dash where it is not defined.
std::string number_text(double value, int decimals) {
  return std::isnan(value) ? "–" : fmt::format("{:.{}f}", value, decimals);
}

/// `28.9%`, `0 of 128`, `100%`.
std::string share(const Rate& rate) {
  if (rate.n == 0) return "–";
  if (rate.hits == 0) return fmt::format("0 of {}", grouped(rate.n));
  return rate.hits == rate.n ? "100%" : fmt::format("{:.1f}%", 100 * rate.value());
}

std::string share_interval(const Rate& rate) {
  if (!has_ends(rate.interval)) return "no interval";
  return fmt::format("{:.1f}% to {:.1f}%", 100 * rate.interval.low, 100 * rate.interval.high);
}

/// Reports of files say whether their lines are independent draws.
std::string inputs_text(const Measures& row) {
  const std::string inputs = counted(row.inputs, "input");
  return row.is_sample
             ? inputs
             : inputs + " of a list, for which the figures are exact; they say nothing of others";
}

Json measures_table(const std::vector<Measures>& rows) {
  Json lines = Json::array();
  for (const Measures& row : rows)
    lines.push_back({row.ablation, number_text(row.faithfulness.normalised, 3),
                     interval_text(row.faithfulness.interval, 3), share(row.agreement),
                     share_interval(row.agreement), share(row.circuit_right),
                     share(row.network_right)});
  const std::string sure = fmt::format("{:g}%", 100 * rows[0].confidence);
  return table(
      fmt::format("{} on {}; metric: {}.", size_text(rows[0].edges, rows[0].of_edges),
                  inputs_text(rows[0]), rows[0].metric),
      {{"ablation", false, "what cut edges carry instead"},
       {"faithfulness", true, "1: does what the network does; 0: what is left without any edge"},
       {"interval", true, sure + " interval over inputs, by the studentised bootstrap"},
       {"same answer", true,
        "inputs on which circuit and network give the same of all the task's answers"},
       {"interval", true, sure + " exact interval"},
       {"circuit right"},
       {"network right"}},
      lines);
}

/// The answer first; of several ablations the first that was asked for.
Json measures_headline(const std::vector<Measures>& rows) {
  const Measures& row = rows[0];
  return headline(
      agreement_sentence(row),
      {{share(row.empty_agreement), "of inputs have the network’s answer with every edge cut"},
       {number_text(row.faithfulness.normalised, 2),
        fmt::format("faithfulness ({}); 1 would do what the network does",
                    interval_text(row.faithfulness.interval, 2))},
       {share(row.circuit_right), "of inputs are answered right by the circuit"},
       {share(row.network_right), "of inputs are answered right by the network"}},
      rows.size() == 1 ? Html()
                       : Html(fmt::format("Cut edges carry what “{}” says; other ways stand below.",
                                          row.ablation)));
}

/// Agreement by ablation: errors of single inputs cannot cancel in it.
Json agreement_figure(const std::vector<Measures>& rows) {
  std::vector<tasks::page::Bar> bars;
  Csv csv = {{"ablation", "agreement", "low", "high"}};
  for (const Measures& row : rows) {
    const Rate& rate = row.agreement;
    const bool bounded = has_ends(rate.interval);
    tasks::page::Bar bar{
        .label = row.ablation,
        .value = bounded ? fmt::format("{} ({})", share(rate), share_interval(rate)) : share(rate),
        .length = rate.n == 0 ? 0 : rate.value()};
    if (bounded) bar.interval = {rate.interval.low, rate.interval.high};
    bars.push_back(bar);
    csv.push_back({bar.label, Json(rate.value()).dump(),
                   bounded ? Json(rate.interval.low).dump() : "",
                   bounded ? Json(rate.interval.high).dump() : ""});
  }
  return tasks::page::block(tasks::page::figure("agreement", "", tasks::page::bars(bars),
                                                "How often the circuit decides as the network "
                                                "does, with exact intervals where there are any.",
                                                csv));
}

/// From the smallest share to all edges on a logarithmic axis; faithfulness from the least to the
/// most, with the whole network's 1.
Json curve_figure(const circuits::MibScores& scores) {
  double least_share = 1, low = 0, high = 1;
  for (const circuits::FaithfulnessCurve* curve : {&scores.by_score, &scores.by_importance})
    for (const circuits::CurvePoint& point : curve->points) {
      if (point.share > 0) least_share = std::min(least_share, point.share);
      if (std::isnan(point.faithfulness)) continue;
      low = std::min(low, point.faithfulness);
      high = std::max(high, point.faithfulness);
    }
  least_share = std::min(least_share, 0.5);
  tasks::page::Curves drawn{.all = {},
                            .x = tasks::page::decades(100 * least_share, 100),
                            .y = {},
                            .x_says = "per cent of the edges, on a logarithmic scale",
                            .y_says = "faithfulness"};
  const auto height = [&](double faithfulness) { return (faithfulness - low) / (high - low); };
  for (const double tick : {low, 0.0, 1.0, high})
    if (tick == 0 || tick == 1 || std::min(std::abs(tick), std::abs(tick - 1)) > 0.1 * (high - low))
      drawn.y.push_back({height(tick), fmt::format("{:.3g}", tick)});
  Csv csv = {{"taken", "edges", "share", "faithfulness"}};
  const auto add = [&](const char* name, const char* tone,
                       const circuits::FaithfulnessCurve& curve) {
    drawn.all.push_back({.name = name, .points = {}, .tone = tone});
    for (const auto& [share, edges, faithfulness] : curve.points) {
      drawn.all.back().points.emplace_back(share > 0
                                               ? 1 - std::log10(share) / std::log10(least_share)
                                               : std::numeric_limits<double>::quiet_NaN(),
                                           height(faithfulness));
      csv.push_back({name, fmt::to_string(edges), Json(share).dump(), Json(faithfulness).dump()});
    }
  };
  add("by score", "", scores.by_score);
  add("by absolute score", "int", scores.by_importance);
  return tasks::page::block(tasks::page::figure(
      "curve",
      "Two lines: faithfulness of circuits that take more and more edges, by score and by absolute "
      "score.",
      tasks::page::curves(drawn),
      fmt::format("Faithfulness by the share of edges taken. CPR: {}. CMD: {}.",
                  cpr_sentence(scores), cmd_sentence(scores)),
      csv));
}

Json compared(const ImpliedCircuit& implied) {
  std::vector<Fact> rows;
  for (const auto& [node, components] : implied.components)
    rows.push_back({node, "lives in " + components});
  const auto list = [&](const char* name, const std::vector<std::string>& edges) {
    rows.push_back({name, edges.empty() ? "none" : fmt::format("{}", fmt::join(edges, ", "))});
  };
  list("edges of the circuit that the interpretation does not mention", implied.not_mentioned);
  list("edges that it implies and the circuit lacks", implied.not_in_circuit);
  return facts(rows);
}

}  // namespace

std::optional<Section> measures_section(const Run& run) {
  if (run.kind != RunKind::Measurement) return std::nullopt;
  const Json& report = run.report;
  const std::vector<Measures> rows = rows_of(report.at("measures"));
  Section section{.title = "How well the circuit stands in for the network", .run = {}};
  section.blocks.push_back(measures_headline(rows));
  section.blocks.push_back(measures_table(rows));
  section.blocks.push_back(facts({{"intervals", intervals_sentence(rows[0])}}));
  if (rows.size() > 1) section.blocks.push_back(agreement_figure(rows));
  if (report.contains("curve"))
    section.blocks.push_back(
        curve_figure(interp::read_checked<circuits::MibScores>(report["curve"])));
  if (report.contains("interpretation"))
    section.blocks.push_back(
        compared(interp::read_checked<ImpliedCircuit>(report["interpretation"])));
  return section;
}

}  // namespace assay::tools::page
