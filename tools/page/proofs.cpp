// What holds for every input, what an input refutes and what is open: statements in words, margins
// case by case, the inputs that come closest, and what has to be trusted.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tasks/wording.h"
#include "tools/page/headline.h"
#include "tools/page/margins.h"
#include "tools/page/node_words.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/prove_text.h"

namespace assay::tools::page {
namespace {

using tasks::page::tag;

/// A statement as a sentence; one of a later version as it is called.
std::string statement_words(const Json& statement) {
  const std::string name = statement.at("statement");
  const std::string node = statement.at("node").is_string() ? statement["node"] : Json("");
  if (name == "h = specification") return "What the explanation computes is right.";
  if (name == "suffix")
    return fmt::format("With the value of {} put in, the network decides as the explanation does.",
                       node);
  if (name == "node = program")
    return fmt::format("The network’s value of {} is what the explanation computes.", node);
  if (name == "output = specification") return "The network’s answer is right.";
  return node.empty() ? name : fmt::format("{}: {}", node, name);
}

Html proof_mark(const std::string& verdict) {
  const char* glyph = verdict == "proved" ? "■" : verdict == "refuted" ? "✗" : "○";
  return tag("span", {{"class", "v " + verdict}},
             tag("i", {{"aria-hidden", "true"}}, glyph) + verdict);
}

std::string rounding_words(const Json& statement) {
  if (statement.contains("float32"))
    return "In float32, as the network runs: " +
           statement["float32"].at("words").get<std::string>() + ".";
  if (statement.contains("float32_error"))
    return fmt::format("In float32, as the network runs, it moves by at most {:.4g}.",
                       statement["float32_error"].get<double>());
  return "";
}

Json statements_block(const Json& statements) {
  Html lines;
  for (const Json& statement : statements) {
    Html words = tag("p", tag("b", statement_words(statement))) +
                 tag("p", powers_of_ten(first_upper(statement.at("words").get<std::string>())));
    if (const std::string rounding = rounding_words(statement); !rounding.empty())
      words += tag("p", rounding);
    lines += tag("div", {{"class", "st"}},
                 tag("div", proof_mark(statement.at("verdict"))) + tag("div", words));
  }
  return tasks::page::block(
      lines + tag("p", {{"class", "small soft"}},
                  "A statement is about the network’s weights as exact numbers; where rounding can "
                  "matter, how much is said beside it."));
}

void add_counterexample(Section& section, const Run& run, const Json& statement) {
  if (!statement.contains("input")) return;
  section.blocks.push_back(
      heading(fmt::format("An input that refutes “{}”", statement_words(statement))));
  section.blocks.push_back(tasks::page::block(tag(
      "p", {{"class", "formula"}}, text_input_html(run, statement["input"].get<std::string>()))));
  if (statement.contains("network") && statement.contains("right"))
    section.blocks.push_back(paragraph(
        fmt::format("The network was run on it and says {}; right is {}.",
                    statement["network"].get<std::string>(), statement["right"].get<std::string>()),
        statement["network"] == statement["right"] ? Tone::Plain : Tone::Bad));
}

/// Of inputs that were all gone through, the one whose decision is closest.
void add_closest(Section& section, const Run& run, const Json& statement) {
  if (!statement.contains("closest") || !statement.contains("proof")) return;
  const Json& least = statement["proof"].value("least_margin", Json());
  if (!least.is_number()) return;
  section.blocks.push_back(heading("The input that comes closest"));
  section.blocks.push_back(tasks::page::block(
      tag("p", {{"class", "formula"}},
          text_input_html(run, statement["closest"].get<std::string>()) +
              fmt::format("The right answer is ahead by {:.6g}; on no other input by less.",
                          std::floor(least.get<double>() * 1e6) / 1e6))));
}

void add_equal_rows(Section& section, const Json& rows) {
  if (rows.empty()) return;
  Json lines = Json::array();
  for (const Json& set : rows) {  // those of a validation never say that they are its errors
    const proofs::EqualRows equal{.rows = set.at("rows"),
                                  .never = set.at("never"),
                                  .is_error = set.value("is_error", false),
                                  .because = set.at("because")};
    lines.push_back({proofs::to_string(equal), equal.because});
  }
  section.blocks.push_back(
      table("Rows of a validation that are equal, or zero, on every distribution of these inputs.",
            {{"rows", false}, {"because", false}}, lines));
}

void add_trust(Section& section, bool certified) {
  section.blocks.push_back(heading("What is trusted"));
  section.blocks.push_back(facts(
      {{"trusted",
        "for the verdicts above: the prover's source, the compiler, IEEE arithmetic, sums of "
        "products of the BLAS; Z3 where the interpretation's own computation is proved right"},
       {"not trusted", "the search, its hints, and rounding, which is bounded"},
       {"with the checker",
        "its own source, readers and arithmetic, the compiler and the processor; not the prover, "
        "LibTorch, the BLAS or Z3"}}));
  section.blocks.push_back(paragraph(
      certified ? "There is a certificate, which the checker verifies without the prover; the "
                  "command stands in the last section."
                : "No certificate was written, so nothing can be checked apart from this program; "
                  "assay prove --certificate FILE.json writes one.",
      Tone::Faint));
}

Json proofs_headline(const Json& statements, const Json& domain) {
  std::vector<std::string> verdicts;
  for (const Json& statement : statements) verdicts.push_back(statement.at("verdict"));
  const auto proved = std::ranges::count(verdicts, "proved"),
             refuted = std::ranges::count(verdicts, "refuted"),
             open = std::ranges::count(verdicts, "open");
  const char* tone = refuted > 0 ? "bad" : open > 0 ? "caution" : "good";
  return headline(
      tag("span", {{"class", tone}}, proofs_sentence(verdicts) + "."),
      {{powers_of_ten(domain.at("inputs")), "inputs, which a proof speaks of without exception"},
       {fmt::to_string(proved),
        proved == 1 ? "holds for every one of them" : "hold for every one of them"},
       {fmt::to_string(refuted),
        fmt::format("{} false: the network was run on an input that shows it",
                    refuted == 1 ? "is" : "are")},
       {fmt::to_string(open),
        open == 1 ? "is neither proved nor refuted" : "are neither proved nor refuted"}});
}

Section of_proofs(const Run& run) {
  const Json& report = run.report;
  Section section{.title = "What holds for every input", .run = {}};
  const Json& domain = report.at("domain");
  section.blocks.push_back(proofs_headline(report.at("statements"), domain));
  section.blocks.push_back(facts({{"which inputs", domain.at("words")},
                                  {"domain", domain.at("name")},
                                  {"right is", domain.value("right", "what the task says")}}));
  section.blocks.push_back(statements_block(report.at("statements")));
  for (const Json& statement : report["statements"]) {
    if (statement.contains("cases") && !statement["cases"].empty()) {
      section.blocks.push_back(heading(fmt::format("Margins of “{}”", statement_words(statement))));
      section.blocks.push_back(tasks::page::block(margins_figure(statement)));
      if (const Html closest = closest_inputs(run, statement); !closest.empty()) {
        section.blocks.push_back(heading("Inputs that come closest"));
        section.blocks.push_back(tasks::page::block(closest));
      }
    }
    add_counterexample(section, run, statement);
    add_closest(section, run, statement);
  }
  add_equal_rows(section, report.at("rows"));
  add_trust(section, report.contains("certificate"));
  return section;
}

/// What a search for a failure of one row found: the input, or how close it came.
Html search_line(const Run& run, const Json& search) {
  const bool found = search.contains("found");
  Html words = tag("p", tag("b", search.at("of").get<std::string>()) + ": " +
                            search.at("words").get<std::string>());
  if (found) words += tag("p", text_input_html(run, search["found"].get<std::string>()));
  return tag("div", {{"class", "st"}},
             tag("div", tag("span", {{"class", found ? "v refuted" : "v open"}},
                            tag("i", {{"aria-hidden", "true"}}, found ? "✗" : "○") +
                                (found ? "found" : "not found"))) +
                 tag("div", words));
}

/// Of a validation: what was proved of its rows, by whom.
Section of_validation(const Run& run) {
  const Json& report = run.report;
  Section section{.title = "What holds for every input", .run = {}};
  if (report.contains("proofs")) {
    const Json& proofs = report["proofs"];
    const bool read = proofs.contains("certificate");
    section.blocks.push_back(facts(
        {{"inputs", powers_of_ten(proofs.at("inputs"))},
         {"which", proofs.at("words")},
         {"proved by", read ? "a certificate, which was not checked here" : "the run itself"}}));
    section.blocks.push_back(statements_block(proofs.at("statements")));
    add_equal_rows(section, proofs.at("rows"));
    add_trust(section, read);
  }
  if (report.contains("worst_case")) {
    section.blocks.push_back(heading("The worst that a search found"));
    section.blocks.push_back(paragraph(
        "A search says that something can happen, and not how often; the rates say how often, and "
        "not what can happen.",
        Tone::Faint));
    Html searches;
    for (const Json& search : report["worst_case"].at("searches"))
      searches += search_line(run, search);
    section.blocks.push_back(tasks::page::block(searches));
  }
  if (!report.contains("proofs"))
    section.blocks.push_back(tasks::page::block(tag(
        "p", Html("Nothing was proved; ") + tag("code", "assay prove") + " and " +
                 tag("code", "assay validate --prove") +
                 fmt::format(" can show that a step is right on every {}, and not only on those "
                             "drawn.",
                             tasks::wording_of(*run.task).input))));
  return section;
}

}  // namespace

std::optional<Section> proofs_section(const Run& run) {
  if (run.kind == RunKind::Proofs) return of_proofs(run);
  if (run.kind == RunKind::Validation) return of_validation(run);
  return std::nullopt;
}

}  // namespace assay::tools::page
