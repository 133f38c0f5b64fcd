// Which inputs rows fail on: the leaves of each row's tree as bars, with their bounds.

#include <fmt/format.h>

#include <algorithm>

#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

std::string row_name(const Json& row) {
  return fmt::format("{}.{}", row.at("node").get<std::string>(),
                     row.at("axiom").get<std::string>());
}

/// `the number of repeated clauses ≥ 1, the number of clauses = 10`.
std::string short_words(const Json& region) {
  std::string words;
  for (const Json& condition : region.at("conditions")) {
    const std::string relation = condition.at("relation");
    const std::string value = condition.contains("value_name")
                                  ? condition.at("value_name").get<std::string>()
                                  : condition.at("value").dump();
    std::string feature = condition.at("feature");
    if (feature.starts_with("the ")) feature.erase(0, 4);
    words += fmt::format("{}{} {} {}", words.empty() ? "" : ", ", feature,
                         relation == "at most"    ? "≤"
                         : relation == "at least" ? "≥"
                         : relation == "is"       ? "="
                                                  : "≠",
                         value);
  }
  return words;
}

/// A bar per leaf, as wide as its rate among inputs that the tree was not fitted on.
Json bars_of(const Json& row) {
  Json values = Json::array();
  const Json& where = row.at("where");
  const auto all = where.at("held_out").at("n").get<double>();
  std::string alt = fmt::format("Failure rates of {}:", row_name(row));
  for (const Json& region : where.at("regions")) {
    const Json& held_out = region.at("held_out");
    const std::string words = short_words(region);
    const double rate = held_out.at("rate");
    values.push_back({{"inputs", words},
                      {"rate", rate},
                      {"lower", region.at("lower")},
                      {"upper", region.at("upper")},
                      {"failures", fmt::format("{} of {}", grouped(held_out.at("failures")),
                                               grouped(held_out.at("n")))},
                      {"covers", percent(all == 0 ? 0 : held_out.at("n").get<double>() / all)}});
    alt += fmt::format(" {} where {},", percent(rate), words);
  }
  alt.back() = '.';
  const auto x = [](const char* field) -> Json {
    return {{"field", field},
            {"type", "quantitative"},
            {"axis", {{"title", "failure rate"}, {"format", "~%"}, {"tickCount", 6}}}};
  };
  Json y = lines_by("inputs");
  y["axis"] = {{"title", nullptr}, {"labelLimit", 420}};
  const Json layers = {{{"mark", {{"type", "bar"}, {"height", 12}, {"color", "var(--accent)"}}},
                        {"encoding", {{"x", x("rate")}}}},
                       {{"mark", {{"type", "rule"}, {"strokeWidth", 1.5}, {"color", "var(--ink)"}}},
                        {"encoding", {{"x", x("lower")}, {"x2", {{"field", "upper"}}}}}}};
  return chart(
      "", alt,
      {{"data", {{"values", values}}},
       {"width", 320},
       {"height", {{"step", 24}}},
       {"encoding", {{"y", y}, {"tooltip", hover({"inputs", "failures", "rate", "covers"})}}},
       {"layer", layers}});
}

}  // namespace

std::optional<Section> regions_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  std::vector<Json> rows;
  for (const Json& row : run.report.at("rows"))
    if (row.contains("where")) rows.push_back(row);
  if (rows.empty()) return std::nullopt;
  Section section{.title = "Where it fails", .run = {}};
  const Json& where = rows.front().at("where");
  section.blocks.push_back(paragraph(fmt::format(
      "What is known of the inputs, asked in at most two questions, that tells failing inputs from "
      "others. Questions were chosen on {} inputs; the rates are of the {} others. Line: bounds, "
      "which hold for all rows together.",
      grouped(where.at("fitted").at("n")), grouped(where.at("held_out").at("n")))));
  for (const Json& row : rows) {
    section.blocks.push_back(heading(row_name(row)));
    section.blocks.push_back(
        paragraph(row.at("where").at("sentence"),
                  row.at("where").at("generalises") ? Tone::Plain : Tone::Faint));
    if (!row.at("where").at("regions").empty()) section.blocks.push_back(bars_of(row));
  }
  return section;
}

}  // namespace assay::tools::page
