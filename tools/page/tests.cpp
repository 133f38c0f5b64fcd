// The hypothesis tests about a circuit, and how stable it is.

#include <fmt/format.h>

#include "circuits/measures/measure_fields.h"
#include "circuits/measures/test_fields.h"
#include "tools/measure_text.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

Tone tone_of(circuits::Outcome outcome) {
  if (outcome == circuits::Outcome::Shown) return Tone::Good;
  return outcome == circuits::Outcome::Against ? Tone::Caution : Tone::Plain;
}

Json tests_table(const circuits::HypothesisTests& tests) {
  Json lines = Json::array();
  const auto add = [&](const char* name, const auto& test) {
    if (!test) return;
    const auto& [claim, outcome, because] = test->finding;
    lines.push_back({name, claim, cell(to_string(outcome), tone_of(outcome)), because});
  };
  add("equivalence", tests.equivalence);
  add("independence", tests.independence);
  add("minimality", tests.minimality);
  add("sufficiency", tests.sufficiency);
  add("partial necessity", tests.partial_necessity);
  return table(
      fmt::format("Hypothesis tests of Shi et al. 2024 at level {:g}.", tests.config.alpha),
      {{"test", false}, {"claim", false}, {"outcome", false}, {"because", false}}, lines);
}

void add_tests(Section& section, const circuits::HypothesisTests& tests) {
  for (const std::string& reason : tests.skipped)
    section.blocks.push_back(paragraph("Skipped: " + reason + ".", Tone::Faint));
  if (tests.sufficiency) section.blocks.push_back(tests_table(tests));
}

}  // namespace

std::optional<Section> tests_section(const Run& run) {
  if (run.kind != RunKind::Measurement) return std::nullopt;
  Section section{.title = "Tests of the circuit", .run = {}};
  const Json& report = run.report;
  if (report.contains("tests"))
    add_tests(section, interp::read_checked<circuits::HypothesisTests>(report["tests"]));
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
