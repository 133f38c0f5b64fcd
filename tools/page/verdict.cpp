// The claim and what came out, so that it is grasped before anything else is
// read.

#include <fmt/format.h>

#include "tools/brief.h"
#include "tools/page/axiom_rows.h"
#include "tools/page/sections.h"
#include "tools/task_options.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

struct Headline {
  std::string text;
  Tone tone = Tone::Plain;
};

Headline headline_of(const Json& report, const std::vector<AxiomRow>& rows) {
  if (!report.at("objections").empty()) return {"The interpretation is vacuous", Tone::Bad};
  const auto count = [&](const char* verdict) {
    return std::ranges::count(rows, verdict, &AxiomRow::verdict);
  };
  const int64_t claims = std::ranges::ssize(rows) - count("");
  const auto some = [&](int64_t n, const char* what) {
    if (claims == 1) return fmt::format("The claim is {}", what);
    return fmt::format("{} of {} claims {} {}", n, claims, n == 1 ? "is" : "are", what);
  };
  if (count("violated") > 0) return {some(count("violated"), "violated"), Tone::Bad};
  if (const int64_t n = std::ranges::count_if(rows, &AxiomRow::withheld))
    return {claims == 1 ? "The claim could not be tested"
                        : fmt::format("{} of {} claims could not be tested", n, claims),
            Tone::Caution};
  if (const int64_t n = std::ranges::count_if(rows, &AxiomRow::chance_only))
    return {claims == 1 ? "The claim is no better than chance"
                        : fmt::format("{} of {} claims are no better than chance", n, claims),
            Tone::Caution};
  if (count("undecided") > 0) return {some(count("undecided"), "undecided"), Tone::Caution};
  if (claims == 0) return {"No claim was made", Tone::Plain};
  return {claims == 1 ? "The claim holds" : fmt::format("All {} claims hold", claims), Tone::Good};
}

/// Why the numbers of a vacuous interpretation say nothing.
void add_objections(Section& section, const Json& report) {
  for (const Json& objection : report.value("objections", Json::array()))
    section.blocks.push_back(
        paragraph(fmt::format("{}: {}. It violates: {}.", objection.at("node").get<std::string>(),
                              objection.at("reason").get<std::string>(),
                              objection.at("violates").get<std::string>()),
                  Tone::Bad));
}

/// What stands between the numbers and a verdict, and what belongs beside it.
void add_remarks(Section& section, const Json& report) {
  const auto add = [&](const char* field, const char* lead, Tone tone) {
    for (const Json& remark : report.at(field)) {
      const std::string node = remark.at("node");
      section.blocks.push_back(
          paragraph(fmt::format("{}{}{}.", lead, node.empty() ? "" : node + ": ",
                                remark.at("text").get<std::string>()),
                    tone));
    }
  };
  add("untested", "Could not be tested: ", Tone::Caution);
  for (const AxiomRow& row : axiom_rows(report))
    if (row.chance_only)
      section.blocks.push_back(
          paragraph(fmt::format("{}.{}: {}.", row.node, row.label(), row.because), Tone::Caution));
  add("remarks", "Note: ", Tone::Plain);
}

std::string inputs_of(const Json& report) {
  const Json& data = report.at("data");
  const std::string count = grouped(report.at("inputs"));
  if (data.contains("path"))
    return fmt::format("{} lines of {}, {} of them distinct{}", count, brief(data["path"]),
                       grouped(data.at("distinct")),
                       report.at("scope") == "list"
                           ? ", for which rates are exact; nothing is said of other inputs"
                           : ", independent draws as stated by the user");
  if (report.at("exact").get<bool>())
    return fmt::format("all {} inputs that there are, so that every rate is exact", count);
  if (data.contains("seed"))
    return fmt::format("{} fresh inputs, none of which it was derived from", count);
  return count + " inputs";
}

std::string what_was_done(const Run& run) {
  const Json& report = run.report;
  std::string text = fmt::format(
      "The interpretation was tested against the network {} (task {}) on {}.",
      report.at("model").at("path").get<std::string>(), describe(*run.task), inputs_of(report));
  if (report.contains("sequential"))
    text += fmt::format(
        "{} The probability that any verdict is wrong is at most {:g}%, however often one looks.",
        report["sequential"].at("stopped").get<bool>()
            ? fmt::format(" Of at most {} it stopped there, because all claims were decided.",
                          grouped(report["sequential"].at("limit")))
            : "",
        100 * (1 - report.at("confidence").get<double>()));
  else if (!report.at("exact").get<bool>())
    text += fmt::format(" All verdicts together are right with {:g}% confidence.",
                        100 * report.at("confidence").get<double>());
  text += report.contains("plan")
              ? fmt::format(" It was declared before the run (plan {}).",
                            report["plan"].at("sha256").get<std::string>().substr(0, 12))
              : " It is exploratory: no plan declared it before the run.";
  for (const Json& node : report.at("nodes"))
    if (node.at("equality") == "downstream")
      text += fmt::format(
          " Values of {} are compared by their effect on the answer (downstream), not by what they "
          "are.",
          node.at("node").get<std::string>());
  return text;
}

std::string where(const AxiomRow& row) {
  return row.answer.empty() ? "" : fmt::format("where the network answers {}: ", row.answer);
}

/// What an axiom asks, about one node.
std::string question(const AxiomRow& row) {
  const bool decision = row.axiom == "PR" || row.axiom == "CR";
  const char* from = row.axiom[0] == 'P' ? "from the input" : "from the step before";
  return decision
             ? fmt::format(
                   "written into the network, the value of {} computed {} changes the answer",
                   row.node, from)
             : fmt::format("the network's value of {} is not the one computed {}", row.node, from);
}

/// Of a sequential run: after how many inputs the claim was decided, or how
/// many more would do it.
std::string decided_text(const AxiomRow& row) {
  if (row.decided_after) return grouped(*row.decided_after);
  return row.more_inputs ? fmt::format("about {} more", grouped(*row.more_inputs)) : "–";
}

Json claims_of(const std::vector<AxiomRow>& rows, const Json& report) {
  const int decimals = decimals_of(rows);
  const bool exact = report.at("exact"), sequential = report.contains("sequential");
  std::vector<Column> columns = {{"claim", false}, {"how often", false}, {"found"}};
  if (!exact)
    columns.push_back(
        {"lies between", true,
         sequential ? "bounds on the rate that hold wherever one stops (a confidence sequence); "
                      "below, those of a number of inputs chosen beforehand (Clopper-Pearson)"
                    : "exact bounds on the rate"});
  if (sequential) columns.push_back({"decided after", true, "inputs that decided the claim"});
  columns.push_back({.title = "verdict", .number = false, .pinned = true});
  Json lines = Json::array();
  for (const AxiomRow& row : rows) {
    if (!row.claim) continue;
    Json line = {fmt::format("{}.{} ≤ {:g}%", row.node, row.label(), 100 * *row.claim),
                 where(row) + question(row), percent(row.rate, decimals)};
    const auto between = [&](double lower, double upper) {
      return fmt::format("{} – {}", percent(lower, decimals), percent(upper, decimals));
    };
    if (sequential) {
      Json bounds = cell(between(row.anytime->lower, row.anytime->upper), Tone::Plain);
      bounds["under"] = "n fixed: " + between(row.lower, row.upper);
      line.push_back(bounds);
      line.push_back(decided_text(row));
    } else if (!exact) {
      line.push_back(between(row.lower, row.upper));
    }
    line.push_back(cell(row.verdict, tone_of_verdict(row.verdict)));
    lines.push_back(line);
  }
  return table("", columns, lines);
}

std::string worst_of(const std::vector<AxiomRow>& rows) {
  const AxiomRow& worst = *std::ranges::max_element(rows, {}, &AxiomRow::rate);
  if (worst.rate == 0) return "No axiom failed on any input.";
  return fmt::format("The axiom that fails most is {}.{}: {}.", worst.node, worst.axiom,
                     percent(worst.rate, decimals_of(rows)));
}

}  // namespace

std::optional<Section> verdict_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const std::vector<AxiomRow> rows = axiom_rows(run.report);
  const Headline headline = headline_of(run.report, rows);
  Section section{.title = "Verdict", .run = {}};
  section.blocks.push_back({{"type", "verdict"},
                            {"text", headline.text},
                            {"tone", to_string(headline.tone)},
                            {"detail", what_was_done(run)}});
  add_objections(section, run.report);
  add_remarks(section, run.report);
  if (run.report.at("partial").get<bool>())
    section.blocks.push_back(
        paragraph("The run was interrupted: fewer inputs than asked for.", Tone::Caution));
  const Json claims = claims_of(rows, run.report);
  if (!claims.at("rows").empty()) section.blocks.push_back(claims);
  section.blocks.push_back(paragraph(worst_of(rows)));
  return section;
}

}  // namespace assay::tools::page
