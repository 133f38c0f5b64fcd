#include "tools/page/sections.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_text.h"

namespace assay::tools::page {
namespace {

using MakeSection = std::optional<Section> (*)(const Run& run);

// In the order of the page.
constexpr MakeSection kSections[] = {verdict_section,   comparison_section, explanations_section,
                                     graph_section,     axioms_section,     guises_section,
                                     witnesses_section, neurons_section,    frequencies_section,
                                     evidence_section,  circuit_section,    measures_section,
                                     tests_section,     training_section,   manifest_section};

/// Without the "[json.exception.type_error.302] " that nlohmann's messages begin with.
std::string without_class(const std::string& message) {
  const size_t end = message.starts_with("[json.") ? message.find("] ") : message.npos;
  return end == message.npos ? message : message.substr(end + 2);
}

std::optional<Section> made(MakeSection make, const Run& run) {
  try {
    std::optional<Section> section = make(run);
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
