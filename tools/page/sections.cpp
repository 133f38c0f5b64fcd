#include "tools/page/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files.h"
#include "interp/json_text.h"

namespace assay::tools::page {
namespace {

using MakeSection = std::optional<Section> (*)(const Run& run);

// In the order of the page.
constexpr MakeSection kSections[] = {verdict_section,   comparison_section, explanations_section,
                                     graph_section,     axioms_section,     guises_section,
                                     witnesses_section, neurons_section,    frequencies_section,
                                     evidence_section,  circuit_section,    measures_section,
                                     tests_section,     training_section,   manifest_section};

std::optional<Section> made(MakeSection make, const Run& run) {
  try {
    std::optional<Section> section = make(run);
    if (section) section->run = run.name;
    return section;
  } catch (const Json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: not a whole report: {}", run.path.string(), error.what()));
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

}  // namespace

Page page_of(const std::vector<Run>& runs) {
  Page page{.title = runs.front().name, .sections = {}};
  for (const MakeSection make : kSections)
    for (const Run& run : runs)
      if (auto section = made(make, run)) add(page.sections, std::move(*section));
  return page;
}

void write_page(const std::vector<Run>& runs, const std::filesystem::path& path) {
  interp::write_file(path, interp::valid_utf8(html_of(page_of(runs))));
}

}  // namespace assay::tools::page
