#include "tools/summaries.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "interp/files/files.h"
#include "tools/report_text.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace {

using axioms::Report;
using axioms::ReportRow;
using axioms::Verdict;
using boost::property_tree::ptree;

/// What was seen, as a sentence: `parse.PE fails on 0 of 80,000 inputs (at most 3.7e-05 with 95%
/// confidence)`.
std::string seen(const ReportRow& row, const Report& report) {
  const std::string bound = row.exact ? "an exact rate"
                                      : fmt::format("{:.2g} to {:.2g}, each with {:g}% confidence",
                                                    row.lower, row.upper, 100 * report.confidence);
  if (row.never)
    return fmt::format("{} fails on no input of {}, {}; it was seen to fail on {} of {} inputs",
                       row.name(), report.proofs->inputs, report.proofs->source(),
                       grouped(row.estimate.failures), grouped(row.estimate.n));
  if (!row.same_as.empty() && !row.answer)
    return fmt::format(
        "{} equals {} ({}): {}{}", row.name(), row.same_as, report.proofs->source(),
        seen(axioms::evidence_of(report, row), report),
        row.decided_at ? fmt::format("; decided after {} inputs", grouped(row.decided_at->n)) : "");
  std::string text =
      fmt::format("{} fails on {} of {} {} ({})", row.name(), grouped(row.estimate.failures),
                  grouped(row.estimate.n), is_interchange(row.axiom) ? "pairs" : "inputs", bound);
  if (row.anytime_upper)
    text += fmt::format("; {:.2g} to {:.2g} wherever one stops", *row.anytime_lower,
                        *row.anytime_upper);
  text += fmt::format("; {} it would fail on {:.3g}% of {} pairs", chance_in_words(row.axiom),
                      100 * row.unrelated.rate(), grouped(row.unrelated.n));
  if (row.exchange && row.axiom != axioms::Axiom::UM)
    text +=
        fmt::format("; the program's answer changes in {} pairs, of which it fails on {}",
                    grouped(row.exchange->changing.n), grouped(row.exchange->changing.failures));
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
  ptree test = test_case(row.node, fmt::format("{} <= {:g}", row.name(), *row.claim));
  std::string message = fmt::format("{}: {}", to_string(*row.verdict), seen(row, report));
  if (const std::string needed = still_needed(row, report); !needed.empty())
    message += "; " + needed;
  if (!row.because.empty())
    message += fmt::format("; {}: {}", row.by_chance ? "chance" : "not tested", row.because);
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

std::string line_of(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string table_of(const Report& report) {
  const int decimals = decimals_for(report.rows);
  const auto rate = [decimals](double value) {
    return value == 0 ? "0" : fmt::format("{:.{}f}", value, decimals);
  };
  std::vector<std::string> columns = {"row", "failures", "of",
                                      report.exact ? "exact rate" : "rate"};
  if (!report.exact) {
    columns.push_back(fmt::format("≤ {:g}%", 100 * report.confidence));
    columns.emplace_back(report.sequential ? "≤ any n" : "≤ all rows");
  }
  columns.insert(columns.end(), {"by chance", "claim", "verdict"});
  if (report.sequential) columns.emplace_back("decided after");
  std::vector<std::string> rules(columns.size(), "---:");
  rules.front() = "---";
  rules[columns.size() - (report.sequential ? 2 : 1)] = "---";  // verdicts are words
  std::string text = line_of(columns) + line_of(rules);
  for (const ReportRow& row : report.rows) {
    const bool run = !axioms::left_out(report.proofs, row.node, row.axiom) || row.answer;
    std::vector<std::string> cells = {
        in_cell(row.name()), run ? grouped(row.estimate.failures) : "",
        run ? grouped(row.estimate.n) : "", run ? rate(row.estimate.rate()) : ""};
    if (!report.exact) {
      cells.push_back(row.proved.empty() ? rate(row.upper) : "");
      cells.push_back(row.proved.empty() ? rate(row.anytime_upper.value_or(row.simultaneous_upper))
                                         : in_cell(proved_text(row)));
    }
    cells.push_back(run ? fmt::format("{:.3g}", row.unrelated.rate()) : "");
    cells.push_back(row.claim ? fmt::format("≤ {:g}", *row.claim) : "");
    cells.push_back(verdict_word(row));
    if (report.sequential) cells.push_back(row.decided_at ? grouped(row.decided_at->n) : "");
    text += line_of(cells);
  }
  return text;
}

// --- CSV

/// A field as RFC 4180 wants it: quoted where it must be.
std::string in_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

template <typename T>
std::string if_any(const std::optional<T>& number) {
  return number ? fmt::format("{}", *number) : "";
}

}  // namespace

std::string junit_of(const Report& report, const tasks::Task& task) {
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
  const VerdictWords words = verdict_words(report, task);
  std::vector<std::string> said = {sentence_of(words), words.but_head, words.but,
                                   axioms::verdict_sentence(report)};
  std::erase(said, "");
  suite.put("system-out", for_xml(fmt::format("{}", fmt::join(said, "\n"))));
  ptree root;
  root.add_child("testsuites.testsuite", suite);
  std::ostringstream xml;
  boost::property_tree::write_xml(
      xml, root, boost::property_tree::xml_writer_make_settings<std::string>(' ', 2));
  return xml.str() + "\n";
}

std::string csv_of(const Report& report) {
  std::string text =
      "node,axiom,answer,inputs,failures,rate,lower,upper,upper_all_rows,anytime_lower,"
      "anytime_upper,unrelated_pairs,unrelated_failures,claim,verdict,because,decided_after,"
      "proved\r\n";
  for (const ReportRow& row : report.rows) {
    const std::vector<std::string> fields = {
        row.node,
        to_string(row.axiom),
        row.answer_name.value_or(""),
        fmt::format("{}", row.estimate.n),
        fmt::format("{}", row.estimate.failures),
        axioms::left_out(report.proofs, row.node, row.axiom) && !row.answer
            ? ""
            : fmt::format("{}", row.estimate.rate()),
        fmt::format("{}", row.lower),
        fmt::format("{}", row.upper),
        fmt::format("{}", row.simultaneous_upper),
        if_any(row.anytime_lower),
        if_any(row.anytime_upper),
        fmt::format("{}", row.unrelated.n),
        fmt::format("{}", row.unrelated.failures),
        if_any(row.claim),
        row.verdict_text().value_or(""),
        row.because,
        row.decided_at ? fmt::format("{}", row.decided_at->n) : "",
        row.proved};
    for (size_t i = 0; i < fields.size(); ++i) text += (i ? "," : "") + in_field(fields[i]);
    text += "\r\n";
  }
  return text;
}

/// Text that Markdown and the HTML in it leave as it is.
std::string in_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : one_line(text)) {
    if (std::string_view("<>*_`[]\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string markdown_of(const Report& report, const tasks::Task& task) {
  const VerdictWords words = verdict_words(report, task);
  std::string text = fmt::format("**{} {}** {}\n\n", words_of(words.outcome).glyph,
                                 in_markdown(words.head), in_markdown(words.say));
  if (!words.but_head.empty())
    text += fmt::format("**{}** {}\n\n", in_markdown(words.but_head), in_markdown(words.but));
  text += fmt::format("{}: {}\n", in_markdown(report.title),
                      one_line(axioms::verdict_sentence(report)));
  const auto list = [&](const char* heading, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    text += fmt::format("\n{}\n\n", heading);
    for (const std::string& line : lines) text += fmt::format("- {}\n", one_line(line));
  };
  std::vector<std::string> objections, untested, regions;
  for (const axioms::Objection& objection : report.objections)
    objections.push_back(
        fmt::format("{}: {}: {}", objection.node, objection.kind, objection.reason));
  for (const axioms::Remark& remark : report.untested)
    untested.push_back(remark.node.empty() ? remark.text
                                           : fmt::format("{}: {}", remark.node, remark.text));
  if (report.partial) list("Interrupted", {"fewer inputs were checked than were asked for"});
  list("Vacuous: the numbers say nothing, because", objections);
  list("Could not be tested, so that no claim that rests on it holds:", untested);
  for (const ReportRow& row : report.rows)
    if (row.where) regions.push_back(fmt::format("{}: {}", row.name(), row.where->sentence));
  text += "\n" + table_of(report);
  list("Where it fails", regions);
  return text + fmt::format("\n    {}\n", one_line(report.facts.command));
}

void add_summary_options(CLI::App& app, SummaryOptions& options) {
  app.add_option("--junit", options.junit, "write the claims as JUnit's XML, a test case each")
      ->type_name("FILE");
  app.add_option("--markdown", options.markdown, "write the verdict and the table as Markdown")
      ->type_name("FILE");
  app.add_option("--csv", options.csv, "write all rows as comma-separated values")
      ->type_name("FILE");
}

void require_writable(const SummaryOptions& options) {
  for (const std::filesystem::path& file : {options.junit, options.markdown, options.csv})
    if (!file.empty()) require_writable(file);
}

void write_summaries(const SummaryOptions& options, const Report& report, const tasks::Task& task,
                     const Console& console) {
  const auto write = [&](const std::filesystem::path& file, const std::string& text,
                         const char* name) {
    interp::write_file(file, text);
    console.fact(name, file.string());
  };
  if (!options.junit.empty()) write(options.junit, junit_of(report, task), "junit");
  if (!options.markdown.empty()) write(options.markdown, markdown_of(report, task), "markdown");
  if (!options.csv.empty()) write(options.csv, csv_of(report), "csv");
}

}  // namespace assay::tools
