// The hypothesis tests about a circuit, and how stable it is.

#include <fmt/format.h>

#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

std::string p_text(const Json& value) {
  if (value.is_null()) return "–";
  const double p = value.get<double>();
  return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p);
}

Json tests_table(const Json& tests) {
  Json lines = Json::array();
  for (const char* name : {"equivalence", "independence", "sufficiency", "partial_necessity"}) {
    if (!tests.contains(name)) continue;
    const Json& test = tests[name];
    std::string shown = name;
    std::ranges::replace(shown, '_', ' ');
    lines.push_back({shown, test.at("null"), p_text(test.at("p_value")),
                     test.at("rejected").get<bool>() ? "rejected" : "kept"});
  }
  if (tests.contains("minimality")) {
    const Json& test = tests["minimality"];
    lines.push_back({"minimality", test.at("null"), "by edge",
                     fmt::format("kept for {} of {} edges", test.at("not_needed").dump(),
                                 test.at("edges").size())});
  }
  return table(fmt::format("Hypothesis tests of Shi et al. 2024 at level {:g}.",
                           tests.at("alpha").get<double>()),
               {{"test", false}, {"null hypothesis", false}, {"p-value"}, {"null is", false}},
               lines);
}

}  // namespace

std::optional<Section> tests_section(const Run& run) {
  if (run.kind != RunKind::Measurement) return std::nullopt;
  Section section{.title = "Tests of the circuit", .run = {}};
  const Json& report = run.report;
  if (report.contains("tests")) section.blocks.push_back(tests_table(report["tests"]));
  std::vector<Fact> rows;
  if (report.contains("completeness"))
    rows.push_back({"incompleteness",
                    fmt::format("{:.4g} at worst, {:.4g} on average of random sets",
                                report["completeness"].at("worst").get<double>(),
                                report["completeness"].at("mean_of_random_sets").get<double>())});
  if (report.contains("stability")) {
    const Json& stability = report["stability"];
    rows.push_back(
        {"stability",
         fmt::format("faithfulness {} {:g}, and the other way round in {} of "
                     "{} resamples of the inputs",
                     stability.at("verdict").get<bool>() ? "≥" : "<",
                     stability.at("threshold").get<double>(), grouped(stability.at("flips")),
                     grouped(stability.at("resamples")))});
  }
  if (!rows.empty()) section.blocks.push_back(facts(rows));
  if (section.blocks.empty()) return std::nullopt;
  return section;
}

}  // namespace assay::tools::page
