#include "tools/certified_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/table.h"

namespace assay::tools {
namespace {

using circuits::CertifiedEdge;
using circuits::CertifiedStability;
using circuits::Stays;

constexpr size_t kMostRows = 20;

/// Edges of one decision, the surest first.
std::vector<CertifiedEdge> edges_that(Stays stays, const CertifiedStability& stability) {
  std::vector<CertifiedEdge> edges;
  std::ranges::copy_if(stability.chosen, std::back_inserter(edges),
                       [&](const CertifiedEdge& edge) { return edge.certificate.stays == stays; });
  std::ranges::stable_sort(edges, std::greater(), &CertifiedEdge::chosen);
  return edges;
}

}  // namespace

std::string certified_sentence(const CertifiedStability& stability) {
  const auto in = edges_that(Stays::In, stability), unknown = edges_that(Stays::Unknown, stability);
  const auto among = [](const std::vector<CertifiedEdge>& edges) {
    return std::ranges::count_if(edges, &CertifiedEdge::in_circuit);
  };
  std::string text =
      fmt::format("Of the {} edges of the circuit of all inputs, {} are certified to stay in",
                  stability.edges, among(in));
  if (!in.empty())
    text += fmt::format(" (after any {} to {} of {} inputs are deleted)",
                        in.back().certificate.deletions, in.front().certificate.deletions,
                        grouped(stability.inputs));
  text += fmt::format(" and {} could not be told", among(unknown));
  if (std::ssize(in) > among(in))
    text += fmt::format("; {} others are certified to stay in", std::ssize(in) - among(in));
  text += fmt::format(
      ". All certificates hold together with {:g}% confidence, for the circuit of the majority of "
      "draws that leave out each input with probability {:g} ({} draws, {}, ablation {}",
      100 * stability.confidence, stability.deleted, grouped(stability.draws), stability.method,
      stability.ablation);
  if (stability.ablation != "pair" && stability.ablation != "zero")
    text += ", whose values stay those of all inputs";
  return text + ").";
}

void print_certified(const CertifiedStability& stability, const Console& console) {
  console.line();
  console.line(console.paint("Stability with a guarantee", Tone::Bold));
  console.line(wrapped(certified_sentence(stability), width_of(stdout), 0));
  Table table({{"edge", Align::Left},
               {"draws"},
               {"stays", Align::Left},
               {"deletions"},
               {"exchanges"},
               {"in circuit", Align::Left}});
  size_t rows = 0, left_out = 0;
  for (const Stays stays : {Stays::In, Stays::Unknown})
    for (const CertifiedEdge& edge : edges_that(stays, stability)) {
      if (rows++ >= kMostRows) {
        ++left_out;
        continue;
      }
      const bool known = stays != Stays::Unknown;
      table.add_row({{edge.edge},
                     {fmt::format("{:.1f}%", 100 * static_cast<double>(edge.chosen) /
                                                 static_cast<double>(stability.draws))},
                     {to_string(stays), known ? Tone::Plain : Tone::Caution},
                     {known ? grouped(edge.certificate.deletions) : "–"},
                     {known ? grouped(edge.certificate.exchanges) : "–"},
                     {edge.in_circuit ? "yes" : "no"}});
    }
  console.line();
  if (rows > 0) console.line(table.to_string(console.colour()));
  if (left_out > 0) console.fact("", fmt::format("and {} more, in the report", left_out));
  if (stability.others.stays == Stays::Out)
    console.fact("all other edges", fmt::format("stay out after any {} deletions, or {} exchanges",
                                                grouped(stability.others.deletions),
                                                grouped(stability.others.exchanges)));
}

}  // namespace assay::tools
