// A search for an input on which something fails: what it found, or how close it came.

#include <fmt/format.h>

#include <cmath>

#include "tasks/page/html.h"
#include "tasks/wording.h"
#include "tools/found_sentences.h"
#include "tools/page/headline.h"
#include "tools/page/node_words.h"
#include "tools/page/sections.h"
#include "tools/plural.h"

namespace assay::tools::page {

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
  section.blocks.push_back(headline(in_html(attack_sentence(record, run.task.get())), key));
  const auto show = [&](const char* title, const std::string& text) {
    section.blocks.push_back(heading(title));
    section.blocks.push_back(tasks::page::block(
        tasks::page::tag("p", {{"class", "formula"}}, text_input_html(run, text))));
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
