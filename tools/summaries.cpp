#include "tools/summaries.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "interp/files/files.h"
#include "tools/report_text.h"

namespace assay::tools {
namespace {

using axioms::Report;
using axioms::ReportRow;
using axioms::Verdict;
using boost::property_tree::ptree;

std::string name_of(const ReportRow& row) {
  return fmt::format("{}.{}", row.node, to_string(row.axiom));
}

/// What was seen, as a sentence: `parse.PE fails on 0 of 80,000 inputs (at most 3.7e-05 with 95%
/// confidence)`.
std::string seen(const ReportRow& row, const Report& report) {
  const std::string bound = report.exact
                                ? "an exact rate"
                                : fmt::format("{:.2g} to {:.2g}, each with {:g}% confidence",
                                              row.lower, row.upper, 100 * report.confidence);
  std::string text = fmt::format("{} fails on {} of {} inputs ({})", name_of(row),
                                 grouped(row.estimate.failures), grouped(row.estimate.n), bound);
  if (row.anytime_upper)
    text += fmt::format("; {:.2g} to {:.2g} wherever one stops", *row.anytime_lower,
                        *row.anytime_upper);
  if (row.decided_at) text += fmt::format("; decided after {} inputs", grouped(row.decided_at->n));
  return text;
}

// --- JUnit

/// XML 1.0 has no way to write most control characters.
std::string for_xml(const std::string& text) {
  return printable(text);
}

ptree test_case(const std::string& group, const std::string& name) {
  ptree test;
  test.put("<xmlattr>.classname", for_xml(group));
  test.put("<xmlattr>.name", for_xml(name));
  return test;
}

void add_outcome(ptree& test, const char* outcome, const std::string& message) {
  ptree& element = test.add(outcome, "");
  element.put("<xmlattr>.message", for_xml(message));
}

ptree test_of(const ReportRow& row, const Report& report) {
  ptree test = test_case(row.node, fmt::format("{} <= {:g}", name_of(row), *row.claim));
  std::string message = fmt::format("{}: {}", to_string(*row.verdict), seen(row, report));
  if (const std::string needed = still_needed(row, report); !needed.empty())
    message += "; " + needed;
  if (!row.because.empty()) message += fmt::format("; not tested: {}", row.because);
  if (*row.verdict == Verdict::Vacuous)
    for (const axioms::Objection& objection : report.objections)
      message += fmt::format("; {}: {}", objection.node, objection.reason);
  switch (*row.verdict) {
    case Verdict::Holds:
      break;
    case Verdict::Violated:
    case Verdict::Vacuous:
      add_outcome(test, "failure", message);
      break;
    case Verdict::Undecided:
      add_outcome(test, "error", message);
      break;
  }
  return test;
}

std::vector<ptree> tests_of(const Report& report) {
  std::vector<ptree> tests;
  for (const ReportRow& row : report.rows)
    if (row.claim && row.verdict) tests.push_back(test_of(row, report));
  const auto add_error = [&](const char* message) {
    tests.push_back(test_case("validation", "verdict"));
    add_outcome(tests.back(), "error", message);
  };
  if (tests.empty()) add_error("no claim was made, so nothing was decided");
  if (report.partial) add_error("interrupted before all inputs were checked");
  return tests;
}

// --- Markdown

/// In a cell nothing ends the cell or the line.
std::string in_cell(const std::string& text) {
  std::string cell;
  for (const char c : one_line(text)) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

std::string table_of(const Report& report) {
  const int decimals = decimals_for(report.rows);
  const auto rate = [decimals](double value) {
    return value == 0 ? "0" : fmt::format("{:.{}f}", value, decimals);
  };
  std::string text =
      report.exact
          ? "| row | failures | of | exact rate | claim | verdict |\n"
            "| --- | ---: | ---: | ---: | ---: | --- |\n"
          : fmt::format(
                "| row | failures | of | rate | ≤ {:g}% | {} | "
                "claim | verdict |{}\n"
                "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |{}\n",
                100 * report.confidence, report.sequential ? "≤ any n" : "≤ all rows",
                report.sequential ? " decided after |" : "", report.sequential ? " ---: |" : "");
  for (const ReportRow& row : report.rows) {
    const std::string bounds =
        report.exact ? ""
                     : fmt::format(" {} | {} |", rate(row.upper),
                                   rate(row.anytime_upper.value_or(row.simultaneous_upper)));
    const std::string after = row.decided_at ? grouped(row.decided_at->n) : "";
    text += fmt::format("| {} | {} | {} | {} |{} {} | {} |{}\n", in_cell(name_of(row)),
                        grouped(row.estimate.failures), grouped(row.estimate.n),
                        rate(row.estimate.rate()), bounds,
                        row.claim ? fmt::format("≤ {:g}", *row.claim) : "",
                        row.verdict ? to_string(*row.verdict) : "",
                        report.sequential ? fmt::format(" {} |", after) : "");
  }
  return text;
}

}  // namespace

std::string junit_of(const Report& report) {
  const std::vector<ptree> tests = tests_of(report);
  const auto with = [&](const char* outcome) {
    return std::ranges::count_if(
        tests, [&](const ptree& test) { return test.find(outcome) != test.not_found(); });
  };
  ptree suite;
  suite.put("<xmlattr>.name", for_xml(report.title));
  suite.put("<xmlattr>.tests", tests.size());
  suite.put("<xmlattr>.failures", with("failure"));
  suite.put("<xmlattr>.errors", with("error"));
  suite.put("<xmlattr>.time", fmt::format("{:.3f}", report.facts.times.seconds));
  suite.put("<xmlattr>.timestamp", for_xml(report.facts.times.started));
  const auto add_property = [&](const char* name, const std::string& value) {
    ptree& property = suite.add("properties.property", "");
    property.put("<xmlattr>.name", name);
    property.put("<xmlattr>.value", for_xml(value));
  };
  add_property("model", report.facts.model.sha256);
  add_property("interpretation", report.facts.interpretation.sha256);
  add_property("command", report.facts.command);
  for (const ptree& test : tests) suite.add_child("testcase", test);
  suite.put("system-out", for_xml(axioms::verdict_sentence(report)));
  ptree root;
  root.add_child("testsuites.testsuite", suite);
  std::ostringstream xml;
  boost::property_tree::write_xml(
      xml, root, boost::property_tree::xml_writer_make_settings<std::string>(' ', 2));
  return xml.str() + "\n";
}

std::string markdown_of(const Report& report) {
  std::string text = fmt::format("**{}**\n\n{}\n", one_line(report.title),
                                 one_line(axioms::verdict_sentence(report)));
  const auto list = [&](const char* heading, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    text += fmt::format("\n{}\n\n", heading);
    for (const std::string& line : lines) text += fmt::format("- {}\n", one_line(line));
  };
  std::vector<std::string> objections, untested;
  for (const axioms::Objection& objection : report.objections)
    objections.push_back(
        fmt::format("{}: {}: {}", objection.node, objection.kind, objection.reason));
  for (const axioms::Remark& remark : report.untested)
    untested.push_back(remark.node.empty() ? remark.text
                                           : fmt::format("{}: {}", remark.node, remark.text));
  if (report.partial) list("Interrupted", {"fewer inputs were checked than were asked for"});
  list("Vacuous: the numbers say nothing, because", objections);
  list("Could not be tested, so that no claim that rests on it holds:", untested);
  return text + "\n" + table_of(report) + fmt::format("\n    {}\n", one_line(report.facts.command));
}

void add_summary_options(CLI::App& app, SummaryOptions& options) {
  app.add_option("--junit", options.junit, "write the claims as JUnit's XML, a test case each")
      ->type_name("FILE");
  app.add_option("--markdown", options.markdown, "write the verdict and the table as Markdown")
      ->type_name("FILE");
}

void require_writable(const SummaryOptions& options) {
  for (const std::filesystem::path& file : {options.junit, options.markdown})
    if (!file.empty()) require_writable(file);
}

void write_summaries(const SummaryOptions& options, const Report& report, const Console& console) {
  const auto write = [&](const std::filesystem::path& file, const std::string& text,
                         const char* name) {
    interp::write_file(file, text);
    console.fact(name, file.string());
  };
  if (!options.junit.empty()) write(options.junit, junit_of(report), "junit");
  if (!options.markdown.empty()) write(options.markdown, markdown_of(report), "markdown");
}

}  // namespace assay::tools
