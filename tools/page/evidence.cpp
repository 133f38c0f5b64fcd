// What a derivation found in the network for its interpretation, and against it.

#include <fmt/format.h>

#include <algorithm>

#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"

namespace assay::tools::page {

std::optional<Section> evidence_section(const Run& run) {
  if (run.kind != RunKind::Derivation) return std::nullopt;
  Section section{.title = "Evidence", .run = {}};
  const Json& evidence = run.report.at("evidence");
  const int64_t supports = std::ranges::count_if(
      evidence, [](const Json& fact) { return fact.at("supports").get<bool>(); });
  const int64_t against = std::ssize(evidence) - supports;
  section.blocks.push_back(headline(
      against == 0
          ? fmt::format("{} in the network {} for it, none against.", counted(supports, "fact"),
                        supports == 1 ? "speaks" : "speak")
          : fmt::format("{} in the network {} for it, {} against (marked !).",
                        counted(supports, "fact"), supports == 1 ? "speaks" : "speak", against),
      {},
      "Facts computed from weights and activations when the interpretation was derived; whether "
      "it holds is for assay validate to say."));
  Json facts = Json::array();
  for (const Json& fact : run.report.at("evidence"))
    facts.push_back({{"text", fmt::format("{}: {}", fact.at("node").get<std::string>(),
                                          fact.at("statement").get<std::string>())},
                     {"supports", fact.at("supports")}});
  section.blocks.push_back({{"type", "evidence"}, {"facts", facts}});
  return section;
}

}  // namespace assay::tools::page
