// Which edges two circuits of one network share.

#include <fmt/format.h>

#include <algorithm>

#include "tasks/page/figure.h"
#include "tools/found_sentences.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

constexpr size_t kNamesListed = 200;

Json shares_figure(const CircuitComparison& comparison) {
  const auto most = static_cast<double>(std::max<int64_t>(1, edges_in_either(comparison)));
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {{"where", "edges"}};
  const auto add = [&](const char* label, int64_t edges, const char* tone) {
    bars.push_back({.label = label,
                    .value = counted(edges, "edge"),
                    .length = static_cast<double>(edges) / most,
                    .tone = tone});
    csv.push_back({label, fmt::to_string(edges)});
  };
  add("in both", comparison.shared, "");
  add("in A alone", std::ssize(comparison.only_a), "quiet");
  add("in B alone", std::ssize(comparison.only_b), "quiet");
  return tasks::page::block(
      tasks::page::figure("shared", "", tasks::page::bars(bars),
                          "Full length is every edge that is in either circuit.", csv));
}

/// Shares that are not defined, as of a circuit without edges, are left out.
std::vector<KeyFact> facts_of_truth(const Found& truth) {
  std::vector<KeyFact> key;
  const auto add = [&](const std::optional<double>& share, const char* words) {
    if (share) key.push_back({fmt::format("{:.3f}", *share), words});
  };
  add(truth.precision, "precision: the share of A’s edges that are true");
  add(truth.recall, "recall: the share of true edges that A has");
  add(truth.auroc, "AUROC: how often a true edge outscores another; 0.5 by chance");
  return key;
}

void add_list(Section& section, const char* which, const std::vector<std::string>& edges) {
  if (edges.empty()) return;
  Html lines;
  for (size_t i = 0; i < std::min(edges.size(), kNamesListed); ++i)
    lines += tasks::page::tag("span", {{"class", "cl"}, {"dir", "auto"}}, edges[i]) + " ";
  if (edges.size() > kNamesListed)
    lines += fmt::format("and {} more", grouped(std::ssize(edges) - int64_t(kNamesListed)));
  section.blocks.push_back(fold(fmt::format("In {} alone ({})", which, grouped(std::ssize(edges))),
                                Json::array({tasks::page::block(tasks::page::tag("p", lines))})));
}

}  // namespace

std::optional<Section> circuit_comparison_section(const Run& run) {
  if (run.kind != "circuit-comparison") return std::nullopt;
  const auto comparison = interp::read_record<CircuitComparison>(run.report, "the comparison");
  std::vector<KeyFact> key = {
      {counted(comparison.a.edges, "edge"), "has circuit A, the first that the command names"},
      {counted(comparison.b.edges, "edge"), "has circuit B, the second"},
      {fmt::format("{:.2f}", comparison.jaccard), "Jaccard overlap: 1 if the same, 0 if apart"}};
  if (comparison.correlation)
    key.push_back({fmt::format("{:.2f}", *comparison.correlation),
                   "is how edges’ scores correlate, where both circuits have them"});
  if (comparison.truth) key = facts_of_truth(*comparison.truth);
  Section section{.title = "What both have", .run = {}};
  section.blocks.push_back(headline(overlap_sentence(comparison), key));
  section.blocks.push_back(shares_figure(comparison));
  add_list(section, "A", comparison.only_a);
  add_list(section, "B", comparison.only_b);
  return section;
}

}  // namespace assay::tools::page
