// What a derivation found in the network for its interpretation, and against it.

#include <algorithm>

#include "tools/evidence_sentence.h"
#include "tools/interpretation_fields.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"

namespace assay::tools::page {

std::optional<Section> evidence_section(const Run& run) {
  if (run.kind != RunKind::Derivation) return std::nullopt;
  Section section{.title = "Evidence", .run = {}};
  const auto record = interp::read_record<DerivationRecord>(run.report, "the derivation");
  const int64_t supports = std::ranges::count(record.evidence, true, &EvidenceRecord::supports);
  const int64_t against = std::ssize(record.evidence) - supports;
  section.blocks.push_back(headline(
      evidence_sentence(supports, against), {},
      "Facts computed from weights and activations when the interpretation was derived; whether "
      "it holds is for assay validate to say."));
  std::vector<std::string> nodes;  // in the order in which the record speaks of them
  for (const EvidenceRecord& fact : record.evidence)
    if (std::ranges::count(nodes, fact.node) == 0) nodes.push_back(fact.node);
  for (const std::string& node : nodes) {
    Json facts = Json::array();
    for (const EvidenceRecord& fact : record.evidence)
      if (fact.node == node)
        facts.push_back({{"text", fact.statement}, {"supports", fact.supports}});
    section.blocks.push_back(heading(node));
    section.blocks.push_back({{"type", "evidence"}, {"facts", facts}});
  }
  return section;
}

}  // namespace assay::tools::page
