// The hypothesis tests about a circuit, and how stable it is.

#include <fmt/format.h>

#include "circuits/measures/measure_fields.h"
#include "tools/measure_text.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

Tone tone_of_outcome(const std::string& outcome) {
  if (outcome == "shown") return Tone::Good;
  if (outcome == "against") return Tone::Caution;
  return Tone::Plain;
}

Json tests_table(const Json& tests) {
  Json lines = Json::array();
  for (const char* name :
       {"equivalence", "independence", "minimality", "sufficiency", "partial_necessity"}) {
    if (!tests.contains(name)) continue;
    const Json& test = tests[name];
    std::string shown = name;
    std::ranges::replace(shown, '_', ' ');
    const std::string outcome = test.at("outcome");
    lines.push_back(
        {shown, test.at("claim"), cell(outcome, tone_of_outcome(outcome)), test.at("because")});
  }
  return table(fmt::format("Hypothesis tests of Shi et al. 2024 at level {:g}.",
                           tests.at("alpha").get<double>()),
               {{"test", false}, {"claim", false}, {"outcome", false}, {"because", false}}, lines);
}

void add_tests(Section& section, const Json& tests) {
  for (const Json& reason : tests.at("skipped"))
    section.blocks.push_back(paragraph("Skipped: " + reason.get<std::string>() + ".", Tone::Faint));
  if (tests.contains("sufficiency")) section.blocks.push_back(tests_table(tests));
}

}  // namespace

std::optional<Section> tests_section(const Run& run) {
  if (run.kind != RunKind::Measurement) return std::nullopt;
  Section section{.title = "Tests of the circuit", .run = {}};
  const Json& report = run.report;
  if (report.contains("tests")) add_tests(section, report["tests"]);
  std::vector<Fact> rows;
  if (report.contains("completeness"))
    rows.push_back({"completeness",
                    completeness_sentence(
                        interp::read_checked<circuits::Completeness>(report["completeness"]))});
  if (report.contains("stability"))
    rows.push_back({"stability", stability_sentence(interp::read_checked<circuits::Stability>(
                                     report["stability"]))});
  if (!rows.empty()) section.blocks.push_back(facts(rows));
  if (section.blocks.empty()) return std::nullopt;
  return section;
}

}  // namespace assay::tools::page
