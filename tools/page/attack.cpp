// A search for an input on which something fails: what it found, or how close it came.

#include <fmt/format.h>

#include <algorithm>

#include "axioms/claim.h"
#include "axioms/report.h"
#include "tasks/page/html.h"
#include "tasks/wording.h"
#include "tools/page/headline.h"
#include "tools/page/node_words.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/prove_fields.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using tasks::page::tag;

/// Nobody has said of an earlier search which task it was about: then texts stay as they are.
std::string answer_words(const Run& run, const std::string& name) {
  if (run.task)
    for (const int64_t token : run.task->answers())
      if (run.task->answer_name(token) == name) return tasks::answer_in_words(*run.task, token);
  return name;
}

/// What would be a failure, as a sentence goes on: "the network’s answer is wrong".
std::string failure_words(const AttackRecord& record) {
  const size_t dot = record.row.rfind('.');
  if (record.row == "answer") return "the network’s answer is wrong";
  if (dot == record.row.npos)
    throw std::invalid_argument(fmt::format("field 'row': expected `answer` or NODE.PE, found '{}'",
                                            interp::cut_short(record.row, 60)));
  axioms::ReportRow row;
  row.node = record.row.substr(0, dot);
  row.axiom = axioms::axiom_named(record.row.substr(dot + 1));
  return failure_in_words(row);
}

Html found_words(const Run& run, const AttackRecord& record) {
  Html text = tag("b", "Yes.") + fmt::format(" Here is one, and the network was run on it: {}.",
                                             failure_words(record));
  if (!record.network || !record.right) return text;
  return text + " It answers " + tag("b", answer_words(run, *record.network)) + "; " +
         (*record.network == *record.right
              ? Html("that is right, all the same.")
              : Html("right is ") + tag("b", answer_words(run, *record.right)) + ".");
}

std::string not_found_words(const AttackRecord& record) {
  if (record.runs == 0) return "No input was tried.";
  return fmt::format(
      "None was found on which {}. One may still be there: only a proof excludes it.",
      failure_words(record));
}

}  // namespace

std::optional<Section> attack_section(const Run& run) {
  if (run.kind != "attack") return std::nullopt;
  const auto record = interp::read_record<AttackRecord>(run.report, "the search");
  Section section{.title = "What the search found", .run = {}};
  const std::string inputs = run.task ? tasks::wording_of(*run.task).inputs : "inputs";
  std::vector<KeyFact> key = {
      {grouped(record.runs), inputs + " were tried"},
      {grouped(record.climbs), "random ones were started from"},
      {record.domain, fmt::format("is the domain of {} that was searched", inputs)}};
  if (record.closest && std::isfinite(record.closest->value))
    key.push_back(
        {fmt::format("{:.3g}", -record.closest->value), "is how far the closest is from failing"});
  section.blocks.push_back(
      headline(record.input ? found_words(run, record) : Html(not_found_words(record)), key));
  const auto show = [&](const char* title, const std::string& text) {
    section.blocks.push_back(heading(title));
    section.blocks.push_back(
        tasks::page::block(tag("p", {{"class", "formula"}}, text_input_html(run, text))));
  };
  if (record.input) show("The input", *record.input);
  if (record.closest) show("The input that comes closest", record.closest->input);
  section.blocks.push_back(
      paragraph("A search says that something can happen, and not how often. It climbs from random "
                "inputs, a part at a time, towards what is closest to failing; what it finds is "
                "made simpler for as long as it fails.",
                Tone::Faint));
  return section;
}

}  // namespace assay::tools::page
