// What holds for every input, what an input refutes and what is open: statements in words, margins
// case by case, the inputs that come closest, and what has to be trusted.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "axioms/report.h"
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

/// What the records of `prove` and of a validation both say of a statement.
struct Stated {
  std::string name, node, verdict, words;
  std::string rounding = {};  ///< a sentence; empty: it cannot matter
};

Stated stated(const StatementRecord& statement) {
  Stated said{statement.statement, statement.node.value_or(""), statement.verdict, statement.words};
  if (statement.float32)
    said.rounding = fmt::format("In float32, as the network runs: {}.", statement.float32->words);
  return said;
}

Stated stated(const axioms::ProvedStatement& statement) {
  Stated said{statement.statement, statement.node, statement.verdict, statement.words};
  if (statement.float32_error)
    said.rounding = fmt::format("In float32, as the network runs, it moves by at most {:.4g}.",
                                *statement.float32_error);
  return said;
}

template <typename Statements>
std::vector<Stated> all_stated(const Statements& statements) {
  std::vector<Stated> all;
  for (const auto& statement : statements) all.push_back(stated(statement));
  return all;
}

/// A statement as a sentence; one of a later version as it is called.
std::string statement_words(const Stated& statement) {
  const auto& [name, node, verdict, words, rounding] = statement;
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

Json statements_block(const std::vector<Stated>& statements) {
  Html lines;
  for (const Stated& statement : statements) {
    Html words = tag("p", tag("b", statement_words(statement))) +
                 tag("p", powers_of_ten(first_upper(statement.words)));
    if (!statement.rounding.empty()) words += tag("p", statement.rounding);
    lines += tag("div", {{"class", "st"}},
                 tag("div", proof_mark(statement.verdict)) + tag("div", words));
  }
  return tasks::page::block(
      lines + tag("p", {{"class", "small soft"}},
                  "A statement is about the network’s weights as exact numbers; where rounding can "
                  "matter, how much is said beside it."));
}

void add_counterexample(Section& section, const Run& run, const StatementRecord& statement) {
  if (!statement.input) return;
  section.blocks.push_back(
      heading(fmt::format("An input that refutes “{}”", statement_words(stated(statement)))));
  section.blocks.push_back(
      tasks::page::block(tag("p", {{"class", "formula"}}, text_input_html(run, *statement.input))));
  if (statement.network && statement.right)
    section.blocks.push_back(
        paragraph(fmt::format("The network was run on it and says {}; right is {}.",
                              *statement.network, *statement.right),
                  statement.network == statement.right ? Tone::Plain : Tone::Bad));
}

/// Of inputs that were all gone through, the one whose decision is closest.
void add_closest(Section& section, const Run& run, const StatementRecord& statement) {
  if (!statement.closest || !statement.proof) return;
  const Json least = statement.proof->value("least_margin", Json());
  if (!least.is_number()) return;
  section.blocks.push_back(heading("The input that comes closest"));
  section.blocks.push_back(tasks::page::block(
      tag("p", {{"class", "formula"}},
          text_input_html(run, *statement.closest) +
              fmt::format("The right answer is ahead by {:.6g}; on no other input by less.",
                          std::floor(least.get<double>() * 1e6) / 1e6))));
}

void add_cases(Section& section, const Run& run, const StatementRecord& statement) {
  if (!statement.cases || statement.cases->empty()) return;
  section.blocks.push_back(
      heading(fmt::format("Margins of “{}”", statement_words(stated(statement)))));
  section.blocks.push_back(tasks::page::block(margins_figure(*statement.cases)));
  const Html closest = closest_inputs(run, *statement.cases);
  if (closest.empty()) return;
  section.blocks.push_back(heading("Inputs that come closest"));
  section.blocks.push_back(tasks::page::block(closest));
}

void add_equal_rows(Section& section, const std::vector<proofs::EqualRows>& rows) {
  if (rows.empty()) return;
  Json lines = Json::array();
  for (const proofs::EqualRows& equal : rows)
    lines.push_back({proofs::to_string(equal), equal.because});
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

Json proofs_headline(const ProofsRecord& record) {
  std::vector<std::string> verdicts;
  for (const StatementRecord& statement : record.statements) verdicts.push_back(statement.verdict);
  const auto proved = std::ranges::count(verdicts, "proved"),
             refuted = std::ranges::count(verdicts, "refuted"),
             open = std::ranges::count(verdicts, "open");
  const char* tone = refuted > 0 ? "bad" : open > 0 ? "caution" : "good";
  return headline(
      tag("span", {{"class", tone}}, proofs_sentence(verdicts) + "."),
      {{powers_of_ten(record.domain.inputs), "inputs, which a proof speaks of without exception"},
       {fmt::to_string(proved),
        proved == 1 ? "holds for every one of them" : "hold for every one of them"},
       {fmt::to_string(refuted),
        fmt::format("{} false: the network was run on an input that shows it",
                    refuted == 1 ? "is" : "are")},
       {fmt::to_string(open),
        open == 1 ? "is neither proved nor refuted" : "are neither proved nor refuted"}});
}

Section of_proofs(const Run& run) {
  const auto record = interp::read_record<ProofsRecord>(run.report, "the proofs");
  Section section{.title = "What holds for every input", .run = {}};
  section.blocks.push_back(proofs_headline(record));
  section.blocks.push_back(
      facts({{"which inputs", record.domain.words},
             {"domain", record.domain.name},
             {"right is", record.domain.right.value_or("what the task says")}}));
  section.blocks.push_back(statements_block(all_stated(record.statements)));
  for (const StatementRecord& statement : record.statements) {
    add_cases(section, run, statement);
    add_counterexample(section, run, statement);
    add_closest(section, run, statement);
  }
  add_equal_rows(section, record.rows);
  add_trust(section, record.certificate.has_value());
  return section;
}

/// Those of a validation never say that they are its errors.
std::vector<proofs::EqualRows> equal_rows(const std::vector<axioms::ProvedRows>& proved) {
  std::vector<proofs::EqualRows> equal;
  for (const axioms::ProvedRows& rows : proved)
    equal.push_back({.rows = rows.rows, .never = rows.never, .because = rows.because});
  return equal;
}

/// What a search for a failure of one row found: the input, or how close it came.
Html search_line(const Run& run, const axioms::Search& search) {
  Html words = tag("p", tag("b", search.of) + ": " + search.words);
  if (search.found) words += tag("p", text_input_html(run, *search.found));
  return tag("div", {{"class", "st"}},
             tag("div", tag("span", {{"class", search.found ? "v refuted" : "v open"}},
                            tag("i", {{"aria-hidden", "true"}}, search.found ? "✗" : "○") +
                                (search.found ? "found" : "not found"))) +
                 tag("div", words));
}

void add_searches(Section& section, const Run& run, const axioms::WorstCase& worst) {
  section.blocks.push_back(heading("The worst that a search found"));
  section.blocks.push_back(paragraph(
      "A search says that something can happen, and not how often; the rates say how often, and "
      "not what can happen.",
      Tone::Faint));
  Html searches;
  for (const axioms::Search& search : worst.searches) searches += search_line(run, search);
  section.blocks.push_back(tasks::page::block(searches));
}

/// Of a validation: what was proved of its rows, by whom.
Section of_validation(const Run& run) {
  const axioms::Report& report = *run.validation;
  Section section{.title = "What holds for every input", .run = {}};
  if (report.proofs) {
    const axioms::Proofs& proofs = *report.proofs;
    const bool read = proofs.certificate.has_value();
    section.blocks.push_back(facts(
        {{"inputs", powers_of_ten(proofs.inputs)},
         {"which", proofs.words},
         {"proved by", read ? "a certificate, which was not checked here" : "the run itself"}}));
    section.blocks.push_back(statements_block(all_stated(proofs.statements)));
    add_equal_rows(section, equal_rows(proofs.rows));
    add_trust(section, read);
  }
  if (report.worst_case) add_searches(section, run, *report.worst_case);
  if (!report.proofs)
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
