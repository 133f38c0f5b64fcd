// How well a circuit stands in for its network.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "circuits/measures/measure_fields.h"
#include "tasks/page/figure.h"
#include "tools/measure_text.h"
#include "tools/page/headline.h"
#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::tag;

/// With `--ablation all` one row per ablation, else one.
Json rows_of(const Json& measures) {
  return measures.contains("rows") ? measures["rows"] : Json::array({measures});
}

std::string interval_text(const Json& bounds, const char* format) {
  if (bounds.is_null()) return "no interval";
  if (bounds.at(0).is_null() || bounds.at(1).is_null()) return "unbounded";
  return fmt::format("{} to {}", fmt::format(fmt::runtime(format), bounds[0].get<double>()),
                     fmt::format(fmt::runtime(format), bounds[1].get<double>()));
}

/// `28.9%`, `0 of 128`, `100%`.
std::string share(const Json& rate) {
  const Json& value = rate.at("rate");
  if (value.is_null()) return "–";
  if (value == 0) return fmt::format("0 of {}", grouped(rate.at("n")));
  return value == 1 ? "100%" : fmt::format("{:.1f}%", 100 * value.get<double>());
}

std::string share_interval(const Json& rate) {
  const Json& bounds = rate.at("interval");
  if (bounds.is_null() || bounds.at(0).is_null() || bounds.at(1).is_null()) return "no interval";
  return fmt::format("{:.1f}% to {:.1f}%", 100 * bounds.at(0).get<double>(),
                     100 * bounds.at(1).get<double>());
}

/// Reports of files say whether their lines are independent draws.
std::string inputs_text(const Json& row) {
  const std::string inputs = counted(row.at("inputs"), "input");
  return row.value("independent", true)
             ? inputs
             : inputs + " of a list, for which the figures are exact; they say nothing of others";
}

Json measures_table(const Json& rows) {
  Json lines = Json::array();
  for (const Json& row : rows) {
    const Json& faithfulness = row.at("faithfulness");
    const Json& value = faithfulness.at("normalised");
    lines.push_back({row.at("ablation"),
                     value.is_null() ? "–" : fmt::format("{:.3f}", value.get<double>()),
                     interval_text(faithfulness.at("interval"), "{:.3f}"),
                     share(row.at("agreement")), share_interval(row.at("agreement")),
                     share(row.at("circuit_right")), share(row.at("network_right"))});
  }
  const std::string sure = fmt::format("{:g}%", 100 * rows[0].at("confidence").get<double>());
  return table(
      fmt::format("{} on {}; metric: {}.", size_text(rows[0].at("edges"), rows[0].at("of_edges")),
                  inputs_text(rows[0]), rows[0].at("metric").get<std::string>()),
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
Json measures_headline(const Json& rows) {
  const Json& row = rows[0];
  const Json& faithfulness = row.at("faithfulness");
  const Json& normalised = faithfulness.at("normalised");
  return headline(agreement_sentence(interp::read_checked<circuits::Measures>(row)),
                  {{share(row.at("empty_agreement")),
                    "of inputs have the network’s answer with every edge cut"},
                   {normalised.is_null() ? "–" : fmt::format("{:.2f}", normalised.get<double>()),
                    fmt::format("faithfulness ({}); 1 would do what the network does",
                                interval_text(faithfulness.at("interval"), "{:.2f}"))},
                   {share(row.at("circuit_right")), "of inputs are answered right by the circuit"},
                   {share(row.at("network_right")), "of inputs are answered right by the network"}},
                  rows.size() == 1
                      ? Html()
                      : Html(fmt::format("Cut edges carry what “{}” says; other ways stand below.",
                                         row.at("ablation").get<std::string>())));
}

/// Agreement by ablation: errors of single inputs cannot cancel in it.
Json agreement_figure(const Json& rows) {
  std::vector<tasks::page::Bar> bars;
  Csv csv = {{"ablation", "agreement", "low", "high"}};
  for (const Json& row : rows) {
    const Json& rate = row.at("agreement");
    const bool bounded = share_interval(rate) != "no interval";
    tasks::page::Bar bar{
        .label = row.at("ablation"),
        .value = bounded ? fmt::format("{} ({})", share(rate), share_interval(rate)) : share(rate),
        .length = rate.at("rate").is_null() ? 0 : rate["rate"].get<double>()};
    if (bounded) bar.interval = {rate["interval"][0], rate["interval"][1]};
    bars.push_back(bar);
    csv.push_back({bar.label, rate.at("rate").dump(), bounded ? rate["interval"][0].dump() : "",
                   bounded ? rate["interval"][1].dump() : ""});
  }
  return tasks::page::block(tasks::page::figure("agreement", "", tasks::page::bars(bars),
                                                "How often the circuit decides as the network "
                                                "does, with exact intervals where there are any.",
                                                csv));
}

/// From the smallest share to all edges on a logarithmic axis; faithfulness from the least to the
/// most, with the whole network's 1.
Json curve_figure(const Json& curve) {
  const auto scores = interp::read_checked<circuits::MibScores>(curve);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto value_of = [&](const Json& point, const char* field) {
    return point.at(field).is_null() ? nan : point[field].get<double>();
  };
  double least_share = 1, low = 0, high = 1;
  for (const char* which : {"by_score", "by_importance"})
    for (const Json& point : curve.at(which).at("points")) {
      if (const double share = value_of(point, "share"); share > 0)
        least_share = std::min(least_share, share);
      const double faithfulness = value_of(point, "faithfulness");
      low = std::min(low, std::isnan(faithfulness) ? low : faithfulness);
      high = std::max(high, std::isnan(faithfulness) ? high : faithfulness);
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
  for (const char* which : {"by_score", "by_importance"}) {
    const bool by_score = std::string_view(which) == "by_score";
    drawn.all.push_back({.name = by_score ? "by score" : "by absolute score",
                         .points = {},
                         .tone = by_score ? "" : "int"});
    for (const Json& point : curve.at(which).at("points")) {
      const double share = value_of(point, "share");
      drawn.all.back().points.emplace_back(
          share > 0 ? 1 - std::log10(share) / std::log10(least_share) : nan,
          height(value_of(point, "faithfulness")));
      csv.push_back({drawn.all.back().name, point.at("edges").dump(), point.at("share").dump(),
                     point.at("faithfulness").dump()});
    }
  }
  return tasks::page::block(tasks::page::figure(
      "curve",
      "Two lines: faithfulness of circuits that take more and more edges, by score and by absolute "
      "score.",
      tasks::page::curves(drawn),
      fmt::format("Faithfulness by the share of edges taken. CPR: {}. CMD: {}.",
                  cpr_sentence(scores), cmd_sentence(scores)),
      csv));
}

Json compared(const Json& interpretation) {
  std::vector<Fact> rows;
  for (const auto& [node, components] : interpretation.at("components").items())
    rows.push_back({node, "lives in " + components.get<std::string>()});
  const auto list = [&](const char* name, const char* field) {
    std::string edges;
    for (const Json& edge : interpretation.at(field))
      edges += (edges.empty() ? "" : ", ") + edge.get<std::string>();
    rows.push_back({name, edges.empty() ? "none" : edges});
  };
  list("edges of the circuit that the interpretation does not mention", "not_mentioned");
  list("edges that it implies and the circuit lacks", "not_in_circuit");
  return facts(rows);
}

}  // namespace

std::optional<Section> measures_section(const Run& run) {
  if (run.kind != RunKind::Measurement) return std::nullopt;
  const Json& report = run.report;
  const Json rows = rows_of(report.at("measures"));
  Section section{.title = "How well the circuit stands in for the network", .run = {}};
  section.blocks.push_back(measures_headline(rows));
  section.blocks.push_back(measures_table(rows));
  section.blocks.push_back(facts(
      {{"intervals", intervals_sentence(interp::read_checked<circuits::Measures>(rows[0]))}}));
  if (rows.size() > 1) section.blocks.push_back(agreement_figure(rows));
  if (report.contains("curve")) section.blocks.push_back(curve_figure(report["curve"]));
  if (report.contains("interpretation"))
    section.blocks.push_back(compared(report["interpretation"]));
  return section;
}

}  // namespace assay::tools::page
