#include "tools/page/sections.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <stdexcept>

#include "axioms/report.h"
#include "interp/files/files.h"
#include "interp/files/json_text.h"
#include "tasks/wording.h"
#include "tools/page/headline.h"
#include "tools/page/record_head.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

/// Without the "[json.exception.type_error.302] " that nlohmann's messages begin with.
std::string without_class(const std::string& message) {
  const size_t end = message.starts_with("[json.") ? message.find("] ") : message.npos;
  return end == message.npos ? message : message.substr(end + 2);
}

std::optional<Section> made(const SectionEntry& entry, const Run& run) {
  try {
    std::optional<Section> section = entry.make(run);
    if (section) {
      section->run = run.name;
      section->id = entry.name;
    }
    return section;
  } catch (const c10::Error& error) {
    throw std::runtime_error(
        fmt::format("{}: {}", run.path.string(), error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", run.path.string(), without_class(error.what())));
  }
}

void add(std::vector<Section>& sections, Section section) {
  const auto same = std::ranges::find_if(sections, [&](const Section& other) {
    return other.title == section.title && other.blocks == section.blocks;
  });
  if (same == sections.end())
    sections.push_back(std::move(section));
  else
    same->run += ", " + section.run;
}

constexpr const char* kOfTasks = "of-task";  // holds the place of the tasks' own sections

/// What the runs' tasks bring, each once.
std::vector<SectionEntry> sections_of_tasks(const std::vector<Run>& runs) {
  std::vector<SectionEntry> all;
  for (const Run& run : runs) {
    const auto* pages = run.task ? run.task->get<tasks::Pages>() : nullptr;
    if (!pages) continue;
    for (const SectionEntry& entry : pages->sections)
      if (std::ranges::count(all, entry.name, &SectionEntry::name) == 0) all.push_back(entry);
  }
  return all;
}

/// `28 November 2026`, of `2026-11-28T02:52:05Z`; anything else as it stands.
std::string day_of(const std::string& started) {
  static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
  int year = 0, month = 0, day = 0;
  if (std::sscanf(started.c_str(), "%4d-%2d-%2dT", &year, &month, &day) != 3 || month < 1 ||
      month > 12)
    return started;
  return fmt::format("{} {} {}", day, kMonths[month - 1], year);
}

/// What the page is about, in words a stranger knows: of a validation from the task, and not from
/// names of files.
Page head_of(const Run& run) {
  if (!run.validation) return record_head(run);
  Page page{.title = run.name, .sections = {}};
  const axioms::Report& report = *run.validation;
  const tasks::Wording& words = tasks::wording_of(*run.task);
  const VerdictWords verdict = verdict_words(report, *run.task);
  page.kicker = fmt::format("Assay validation · {} · {}", day_of(report.facts.times.started),
                            report.facts.plan ? "declared before the run" : "exploratory");
  page.heading = words.deed.empty() ? report.title : "How this network " + words.deed;
  std::string outcome = words_of(verdict.outcome).name;
  outcome[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(outcome[0])));
  page.title = fmt::format("{}: {}", outcome, page.heading);
  page.description = fmt::format("{} {}", verdict.head, verdict.say);
  page.stand =
      words.sentence.empty()
          ? "Someone says how this network works, step by step. This page tests what they "
            "say."
          : fmt::format(
                "{}{} Someone says how it does that. This page tests what they say.",
                words.sentence,
                words.example.empty() ? "" : fmt::format(" For example “{}”.", words.example));
  return page;
}

/// Where a record is about nothing that has a name, its answer says what the page is about.
void quote_answer(Page& page, const Run& run) {
  if (page.sections.empty() || page.sections.front().run != run.name) return;
  const std::string answer = answer_of(page.sections.front());
  if (answer.empty()) return;
  if (page.description.empty()) page.description = answer;
  if (page.title == kind_title(run)) page.title += ": " + answer;
}

}  // namespace

interp::Registry<SectionEntry>& sections() {
  static interp::Registry<SectionEntry> all(
      "page section",
      {{"verdict", "the claim and what came out", verdict_section},
       {"comparison", "methods of explaining, held against what matters", comparison_section},
       {"explanations", "inputs, coloured by scores", explanations_section},
       {"claimed", "the interpretation, node by node", claimed_section},
       {kOfTasks, "what the tasks of the runs bring", {}},
       {"rows", "error rates with their bounds", rows_section},
       {"exchanges", "what was exchanged between two inputs", exchanges_section},
       {"parts", "inputs on which it fails", parts_section},
       {"where", "on which inputs it works", where_section},
       {"regions", "which inputs rows fail on", regions_section},
       {"proofs", "what holds for every input, and the worst case", proofs_section},
       {"evidence", "what a derivation found", evidence_section},
       {"measures", "how well a circuit stands in for its network", measures_section},
       {"circuit", "a circuit drawn, with edge weights", circuit_section},
       {"tests", "the hypothesis tests about a circuit", tests_section},
       {"certified", "edges that stay, with a guarantee", certified_section},
       {"training", "loss and accuracy by step", training_section},
       {"mutations", "what catches each mutation", mutations_section},
       {"study", "which surrogate follows a network", study_section},
       {"sweep", "trainings side by side", sweep_section},
       {"attack", "what a search for a failing input found", attack_section},
       {"alignment", "where in the network a value lives", alignment_section},
       {"shared", "what two circuits share", circuit_comparison_section},
       {"solution", "the answer to a formula, and why", solution_section}});
  return all;
}

Page page_of(const std::vector<Run>& runs) {
  Page page = head_of(runs.front());
  const auto add_all = [&](const SectionEntry& entry) {
    for (const Run& run : runs)
      if (auto section = made(entry, run)) add(page.sections, std::move(*section));
  };
  for (const SectionEntry& entry : sections()) {
    if (entry.name == kOfTasks)
      for (const SectionEntry& of_task : sections_of_tasks(runs)) add_all(of_task);
    else
      add_all(entry);
  }
  add_all({"trust", "enough to run the same thing again", trust_section});
  quote_answer(page, runs.front());
  return page;
}

void write_page(const std::vector<Run>& runs, const std::filesystem::path& path) {
  interp::write_file(path, interp::valid_utf8(html_of(page_of(runs))));
}

}  // namespace assay::tools::page
