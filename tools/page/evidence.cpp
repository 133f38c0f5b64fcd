// What a derivation found in the network for its interpretation, and against it.

#include <fmt/format.h>

#include "tools/page/sections.h"

namespace assay::tools::page {

std::optional<Section> evidence_section(const Run& run) {
  if (run.kind != RunKind::Derivation) return std::nullopt;
  Section section{.title = "Evidence", .run = {}};
  section.blocks.push_back(
      paragraph("Facts computed from weights and activations when the interpretation was derived. "
                "Those marked "
                "! speak against it."));
  Json facts = Json::array();
  for (const Json& fact : run.report.at("evidence"))
    facts.push_back({{"text", fmt::format("{}: {}", fact.at("node").get<std::string>(),
                                          fact.at("statement").get<std::string>())},
                     {"supports", fact.at("supports")}});
  section.blocks.push_back({{"type", "evidence"}, {"facts", facts}});
  return section;
}

}  // namespace assay::tools::page
