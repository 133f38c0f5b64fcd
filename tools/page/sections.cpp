#include "tools/page/sections.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_text.h"

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
    if (section) section->run = run.name;
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

}  // namespace

interp::Registry<SectionEntry>& sections() {
  static interp::Registry<SectionEntry> all(
      "page section",
      {{"verdict", "the claim and what came out", verdict_section},
       {"comparison", "methods of explaining, held against what matters", comparison_section},
       {"explanations", "inputs, coloured by scores", explanations_section},
       {"graph", "the interpretation, node by node", graph_section},
       {"axioms", "error rates with their bounds", axioms_section},
       {"guises", "the same on transformed inputs", guises_section},
       {"proofs", "what holds for every input, and the worst case", proofs_section},
       {"witnesses", "inputs on which it fails", witnesses_section},
       {kOfTasks, "what the tasks of the runs bring", {}},
       {"evidence", "what a derivation found", evidence_section},
       {"circuit", "a circuit drawn, with edge weights", circuit_section},
       {"measures", "how well a circuit stands in for its network", measures_section},
       {"tests", "the hypothesis tests about a circuit", tests_section},
       {"training", "loss and accuracy by step", training_section}});
  return all;
}

Page page_of(const std::vector<Run>& runs) {
  Page page{.title = runs.front().name, .sections = {}};
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
  add_all({"manifest", "enough to run the same thing again", manifest_section});
  return page;
}

void write_page(const std::vector<Run>& runs, const std::filesystem::path& path) {
  interp::write_file(path, interp::valid_utf8(html_of(page_of(runs))));
}

}  // namespace assay::tools::page
