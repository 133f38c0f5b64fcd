// What a derivation found in the network for its interpretation, and against it.

#include <fmt/format.h>

#include <algorithm>

#include "tools/interpretation_fields.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"

namespace assay::tools::page {

std::optional<Section> evidence_section(const Run& run) {
  if (run.kind != RunKind::Derivation) return std::nullopt;
  Section section{.title = "Evidence", .run = {}};
  const auto record = interp::read_record<DerivationRecord>(run.report, "the derivation");
  const int64_t supports = std::ranges::count(record.evidence, true, &EvidenceRecord::supports);
  const int64_t against = std::ssize(record.evidence) - supports;
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
  for (const EvidenceRecord& fact : record.evidence)
    facts.push_back(
        {{"text", fmt::format("{}: {}", fact.node, fact.statement)}, {"supports", fact.supports}});
  section.blocks.push_back({{"type", "evidence"}, {"facts", facts}});
  return section;
}

}  // namespace assay::tools::page
