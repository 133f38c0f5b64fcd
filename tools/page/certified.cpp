// Edges that stay in a circuit or out of it, whichever inputs are deleted, with a guarantee.

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "circuits/measures/certified_stability_fields.h"
#include "tasks/page/figure.h"
#include "tools/certified_text.h"
#include "tools/page/sections.h"

namespace assay::tools::page {
namespace {

using circuits::CertifiedEdge;
using circuits::CertifiedStability;
using circuits::Stays;

const char* tone_of(Stays stays) {
  return stays == Stays::In ? "" : "quiet";
}

/// A bar per edge that some draw chose: how often it was, and what is certified of it.
Json choices_figure(const CertifiedStability& stability) {
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {
      {"edge", "chosen", "draws", "stays", "deletions", "exchanges", "in_circuit"}};
  for (const CertifiedEdge& edge : stability.chosen) {
    const circuits::Certificate& certificate = edge.certificate;
    const double share = static_cast<double>(edge.chosen) / static_cast<double>(stability.draws);
    bars.push_back({.label = edge.edge,
                    .value = fmt::format("{}, {}", percent(share), to_string(certificate.stays)),
                    .length = share,
                    .tone = tone_of(certificate.stays)});
    csv.push_back({edge.edge, fmt::format("{}", edge.chosen), fmt::format("{}", stability.draws),
                   to_string(certificate.stays), fmt::format("{}", certificate.deletions),
                   fmt::format("{}", certificate.exchanges), edge.in_circuit ? "yes" : "no"});
  }
  std::ranges::stable_sort(bars, std::greater(), &tasks::page::Bar::length);
  return tasks::page::block(tasks::page::figure(
      "certified", "", tasks::page::bars(bars),
      "How many of the draws chose each edge, and what is certified of it. Blue: it stays in the "
      "circuit; grey: it stays out, or nothing is certified.",
      csv));
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
  if (!stability.chosen.empty()) section.blocks.push_back(choices_figure(stability));
  return section;
}

}  // namespace assay::tools::page
