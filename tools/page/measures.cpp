// How well a circuit stands in for its network.

#include <fmt/format.h>

#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

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

std::string share(const Json& rate) {
  const Json& value = rate.at("rate");
  return value.is_null() ? "–" : fmt::format("{:.1f}%", 100 * value.get<double>());
}

std::string share_interval(const Json& rate) {
  const Json& bounds = rate.at("interval");
  if (bounds.is_null() || bounds.at(0).is_null() || bounds.at(1).is_null()) return "no interval";
  return fmt::format("{:.1f}% to {:.1f}%", 100 * bounds.at(0).get<double>(),
                     100 * bounds.at(1).get<double>());
}

/// Reports of files say whether their lines are independent draws.
std::string inputs_text(const Json& row) {
  const std::string inputs = grouped(row.at("inputs")) + " inputs";
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
      fmt::format("{} of {} edges on {}; metric: {}.", grouped(rows[0].at("edges")),
                  grouped(rows[0].at("of_edges")), inputs_text(rows[0]),
                  rows[0].at("metric").get<std::string>()),
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

/// Agreement by ablation: errors of single inputs cannot cancel in it.
Json agreement_chart(const Json& rows) {
  Json values = Json::array();
  std::string alt = "Share of inputs on which the circuit decides as the network does:";
  for (const Json& row : rows) {
    const Json& rate = row.at("agreement");
    const bool bounded = share_interval(rate) != "no interval";
    const Json bounds = !bounded ? Json::array({rate["rate"], rate["rate"]}) : rate["interval"];
    values.push_back({{"ablation", row.at("ablation")},
                      {"rate", rate.at("rate")},
                      {"low", bounds.at(0)},
                      {"high", bounds.at(1)}});
    alt += fmt::format(" {} {},", row.at("ablation").get<std::string>(), share(rate));
  }
  alt.back() = '.';
  const Json x = {{"field", "rate"},
                  {"type", "quantitative"},
                  {"scale", {{"domain", {0, 1}}}},
                  {"title", "decides as the network does"},
                  {"axis", {{"format", "%"}}}};
  Json low = x;
  low["field"] = "low";
  return chart(
      "How often the circuit decides as the network does, with exact intervals where there are "
      "any.",
      alt,
      {{"data", {{"values", values}}},
       {"width", 420},
       {"height", {{"step", 22}}},
       {"encoding", {{"y", lines_by("ablation")}}},
       {"layer",
        {{{"mark",
           {{"type", "rule"},
            {"strokeWidth", 5},
            {"color", "var(--accent)"},
            {"strokeOpacity", 0.45}}},
          {"encoding", {{"x", low}, {"x2", {{"field", "high"}}}}}},
         {{"mark",
           {{"type", "point"},
            {"filled", true},
            {"size", 60},
            {"color", "var(--accent)"},
            {"opacity", 1}}},
          {"encoding", {{"x", x}}}}}}});
}

Json curve_chart(const Json& curve) {
  const auto number = [&](const char* field) {
    const Json& value = curve.at(field);
    return value.is_null() ? "–" : fmt::format("{:.3f}", value.get<double>());
  };
  Json values = Json::array();
  for (const char* which : {"by_score", "by_importance"})
    for (const Json& point : curve.at(which).at("points"))
      values.push_back(
          {{"taken", std::string(which) == "by_score" ? "by score" : "by absolute score"},
           {"share", point.at("share")},
           {"edges", point.at("edges")},
           {"faithfulness", point.at("faithfulness")}});
  const Json dash = {{"field", "taken"}, {"type", "nominal"}, {"title", "edges taken"}};
  const Json colour = {{"field", "taken"},
                       {"type", "nominal"},
                       {"title", "edges taken"},
                       {"scale", {{"range", {"var(--accent)", "var(--mark)"}}}},
                       {"legend", {{"orient", "top"}, {"symbolType", "stroke"}}}};
  return chart(
      fmt::format("Faithfulness by the share of edges taken. CPR {} (area, higher is better), CMD "
                  "{} (distance from 1, lower is better).",
                  number("cpr"), number("cmd")),
      "Two lines: faithfulness of circuits that take more and more edges, by score and by absolute "
      "score.",
      {{"data", {{"values", values}}},
       {"width", 420},
       {"height", 200},
       {"mark", {{"type", "line"}, {"point", {{"filled", true}, {"size", 30}}}}},
       {"encoding",
        {{"x",
          {{"field", "share"},
           {"type", "quantitative"},
           {"scale", {{"type", "log"}}},
           {"title", "share of the edges"},
           {"axis", {{"format", "~%"}, {"grid", false}, {"tickCount", 4}}}}},
         {"y",
          {{"field", "faithfulness"},
           {"type", "quantitative"},
           {"title", "faithfulness"},
           {"axis", {{"tickCount", 6}}}}},
         {"color", colour},
         {"strokeDash", dash},
         {"tooltip",
          {{{"field", "taken"}},
           {{"field", "edges"}},
           {{"field", "faithfulness"}, {"format", ".3f"}}}}}}});
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
  section.blocks.push_back(measures_table(rows));
  if (rows.size() > 1) section.blocks.push_back(agreement_chart(rows));
  if (report.contains("curve")) section.blocks.push_back(curve_chart(report["curve"]));
  if (report.contains("interpretation"))
    section.blocks.push_back(compared(report["interpretation"]));
  return section;
}

}  // namespace assay::tools::page
