// Where in the network the value of a node lives: the candidates of a search, by how often the
// network follows when that part of it is exchanged, beside what a random part does.

#include <fmt/format.h>

#include <algorithm>

#include "tasks/page/forest.h"
#include "tools/found_sentences.h"
#include "tools/interpretation_fields.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using axioms::Alignment;
using axioms::AlignmentCandidate;
using statistics::Estimate;
using tasks::page::Forest;
using tasks::page::tag;

constexpr size_t kSitesListed = 20;

double follows(const Estimate& estimate) {
  return estimate.n == 0 ? 0 : 1 - estimate.rate();
}

std::vector<KeyFact> key_facts(const Alignment& alignment) {
  std::vector<KeyFact> key;
  if (!alignment.candidates.empty()) {
    const AlignmentCandidate& best = alignment.candidates.front();
    key = {{share_text(follows(best.exchanged)),
            fmt::format("of pairs follow the exchange, at least {}",
                        share_text(best.accuracy_lower, Rounding::Down))},
           {share_text(follows(best.random)), "follow when a random part is exchanged"},
           {share_text(best.explained), "of the value can be read there on other inputs"}};
  }
  key.push_back({grouped(alignment.held_out), fmt::format("inputs measured, after {} others that "
                                                          "the search was fitted on",
                                                          grouped(alignment.fitted))});
  return key;
}

tasks::page::Csv csv_of(const Alignment& alignment) {
  tasks::page::Csv csv = {
      {"site", "dimensions", "explained", "follows", "low", "high", "random", "untouched"}};
  for (const AlignmentCandidate& one : alignment.candidates)
    csv.push_back({to_string(one.site), fmt::to_string(one.dimensions),
                   fmt::format("{}", one.explained), fmt::format("{}", follows(one.exchanged)),
                   fmt::format("{}", one.accuracy_lower), fmt::format("{}", one.accuracy_upper),
                   fmt::format("{}", follows(one.random)),
                   fmt::format("{}", follows(one.untouched))});
  return csv;
}

/// What random parts and untouched inputs reach, of all candidates.
tasks::page::Bar::Interval chance_of(const Alignment& alignment) {
  tasks::page::Bar::Interval chance{1, 0};
  for (const AlignmentCandidate& one : alignment.candidates)
    for (const Estimate& estimate : {one.random, one.untouched}) {
      chance.low = std::min(chance.low, follows(estimate));
      chance.high = std::max(chance.high, follows(estimate));
    }
  return chance;
}

Forest::Line line_of(const AlignmentCandidate& one) {
  return {.name = counted(one.dimensions, "dimension"),
          .value = share_text(follows(one.exchanged)),
          .under = "random " + share_text(follows(one.random)),
          .at = follows(one.exchanged),
          .span = tasks::page::Bar::Interval{one.accuracy_lower, one.accuracy_upper},
          .hollow = !one.better_than_chance};
}

/// Place by place, that of the best candidate first.
Json candidates_figure(const Run& run, const Alignment& alignment) {
  std::vector<Forest> places;
  for (const AlignmentCandidate& one : alignment.candidates) {
    const std::string where = place_words(*run.task, to_string(one.site));
    auto place = std::ranges::find(places, where, &Forest::says);
    if (place == places.end()) {
      places.push_back({.says = where,
                        .lines = {},
                        .axis = {.low = 0, .high = 1, .ticks = {0, 0.5, 1}, .percent = true},
                        .band = chance_of(alignment)});
      place = places.end() - 1;
    }
    place->lines.push_back(line_of(one));
  }
  Html forests;
  for (const Forest& place : places) forests += tasks::page::forest(place);
  return tasks::page::block(tasks::page::figure(
      "candidates-" + alignment.node, "", forests,
      fmt::format(
          "How many pairs follow when so many dimensions of a place are exchanged, the best "
          "first, with bounds that hold for all of them together ({:g}%). Shaded: what "
          "random parts and untouched inputs reach; a hollow dot is not surely above it.",
          100 * alignment.confidence),
      csv_of(alignment)));
}

Json sites_fold(const Run& run, const Alignment& alignment) {
  Json lines = Json::array();
  for (const axioms::ProbedSite& site : alignment.sites) {
    if (lines.size() == kSitesListed) break;
    lines.push_back({place_words(*run.task, to_string(site.site)),
                     site.explained <= 0 ? "nothing" : share_text(site.explained)});
  }
  const std::string caption = alignment.sites.size() > kSitesListed
                                  ? fmt::format("The best {} of {} places.", kSitesListed,
                                                grouped(std::ssize(alignment.sites)))
                                  : "";
  return fold(
      "How much of the value can be read at each place",
      Json::array({table(caption, {{"place", false}, {"of the value’s variance"}}, lines)}));
}

}  // namespace

std::optional<Section> alignment_section(const Run& run) {
  if (run.kind != "alignment") return std::nullopt;
  Section section{.title = "Where the value lives", .run = {}};
  auto record = interp::read_record<AlignmentRecord>(run.report, "the search");
  for (Alignment& alignment : record.nodes) {
    axioms::conclude(alignment);  // bounds follow from the counts
    section.blocks.push_back(
        headline(in_html(place_sentence(alignment, *run.task)), key_facts(alignment)));
    if (!alignment.candidates.empty()) section.blocks.push_back(candidates_figure(run, alignment));
    if (!alignment.sites.empty()) section.blocks.push_back(sites_fold(run, alignment));
  }
  if (record.nodes.empty()) section.blocks.push_back(paragraph("No node was looked for."));
  section.blocks.push_back(
      paragraph("What was found is a hypothesis: assay validate tests it on inputs that the search "
                "has not seen.",
                Tone::Faint));
  return section;
}

}  // namespace assay::tools::page
