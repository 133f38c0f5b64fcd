// Edges that stay in a circuit or out of it, whichever inputs are deleted, with a guarantee.

#include <fmt/format.h>

#include "circuits/measures/certified_stability_fields.h"
#include "tools/certified_text.h"
#include "tools/page/sections.h"

namespace assay::tools::page {
namespace {

using circuits::CertifiedEdge;
using circuits::CertifiedStability;
using circuits::Stays;

/// A bar per edge that some draw chose: how often it was, by what is certified of it.
Json choices_chart(const CertifiedStability& stability) {
  Json values = Json::array();
  std::string alt = "Share of the draws that chose each edge:";
  for (const CertifiedEdge& edge : stability.chosen) {
    const double share = static_cast<double>(edge.chosen) / static_cast<double>(stability.draws);
    values.push_back({{"edge", edge.edge},
                      {"share", share},
                      {"stays", to_string(edge.certificate.stays)},
                      {"deletions", edge.certificate.deletions},
                      {"exchanges", edge.certificate.exchanges},
                      {"in circuit", edge.in_circuit ? "yes" : "no"}});
    alt +=
        fmt::format(" {} {} ({}),", edge.edge, percent(share), to_string(edge.certificate.stays));
  }
  alt.back() = '.';
  Json y = lines_by("edge");
  y["sort"] = "-x";
  return chart(
      "How many of the draws chose each edge, by what is certified of it.", alt,
      {{"data", {{"values", values}}},
       {"width", 420},
       {"height", {{"step", 18}}},
       {"mark", {{"type", "bar"}, {"height", 12}}},
       {"encoding",
        {{"y", y},
         {"x",
          {{"field", "share"},
           {"type", "quantitative"},
           {"scale", {{"domain", {0, 1}}}},
           {"axis", {{"title", "draws"}, {"format", "%"}}}}},
         {"color",
          {{"field", "stays"},
           {"type", "nominal"},
           {"title", nullptr},
           {"scale",
            {{"domain", {"in", "out", "abstained"}},
             {"range", {"var(--accent)", "var(--faint)", "var(--caution)"}}}},
           {"legend", {{"orient", "top"}, {"symbolType", "square"}}}}},
         {"tooltip", hover({"edge", "share", "stays", "deletions", "exchanges", "in circuit"})}}}});
}

}  // namespace

std::optional<Section> certified_section(const Run& run) {
  if (run.kind != RunKind::Measurement || !run.report.contains("certified_stability"))
    return std::nullopt;
  auto stability = interp::read_record<CertifiedStability>(run.report["certified_stability"],
                                                           "certified_stability");
  conclude(stability);
  Section section{.title = "Which edges stay, with a guarantee", .run = {}};
  section.blocks.push_back(paragraph(certified_sentence(stability)));
  if (!stability.chosen.empty()) section.blocks.push_back(choices_chart(stability));
  return section;
}

}  // namespace assay::tools::page
