#include "tools/measure_text.h"

#include <algorithm>
#include <cmath>

#include "tools/plural.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using statistics::Interval;

std::string number(double value) {
  if (std::isnan(value)) return "–";
  return fmt::format("{:.3f}", value);
}

std::string percent(const circuits::Rate& rate) {
  return fmt::format("{:.1f}%", 100 * rate.value());
}

Tone tone_of(circuits::Outcome outcome) {
  switch (outcome) {
    case circuits::Outcome::Shown:
      return Tone::Good;
    case circuits::Outcome::Against:
      return Tone::Caution;
    case circuits::Outcome::CouldNotTell:
      break;
  }
  return Tone::Bold;
}

}  // namespace

std::string bounds_text(const Interval& interval, int decimals) {
  if (!interval.exists()) return "no interval";
  if (std::isinf(interval.low) && std::isinf(interval.high)) return "unbounded";
  return fmt::format("[{:.{}f}, {:.{}f}]", interval.low, decimals, interval.high, decimals);
}

std::string error_text(double standard_error, int decimals) {
  return std::isnan(standard_error) ? "–" : fmt::format("{:.{}f}", standard_error, decimals);
}

std::string listed(const std::vector<std::string>& edges, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, edges.size()); ++i) text += (i == 0 ? "" : "  ") + edges[i];
  if (edges.size() > most) text += fmt::format("  … and {} more", edges.size() - most);
  return edges.empty() ? "none" : text;
}

std::string size_text(int64_t edges, int64_t of_edges) {
  return fmt::format("{} of {}", grouped(edges), counted(of_edges, "edge"));
}

std::string circuit_sentence(int64_t edges, int64_t of_edges) {
  return fmt::format("The circuit is {} of the network’s {}.", grouped(edges),
                     counted(of_edges, "edge"));
}

std::string agreement_sentence(const circuits::Measures& row) {
  const circuits::Rate& same = row.agreement;
  const std::string often = same.value() == 0   ? fmt::format("0 of {}", grouped(same.n))
                            : same.value() == 1 ? "100%"
                                                : percent(same);
  return fmt::format("The circuit gives the network’s answer on {} of inputs, with {}.", often,
                     size_text(row.edges, row.of_edges));
}

std::string intervals_sentence(const circuits::Measures& row) {
  if (!row.is_sample) return "none: the figures are exact for this list of inputs";
  const std::string made =
      fmt::format("{:g}%, n = {}; of faithfulness by the studentised bootstrap, of rates exact",
                  100 * row.confidence, grouped(row.inputs));
  if (row.faithfulness.interval.exists()) return made;
  return made + "; one input, or inputs that are all alike, tell nothing of the spread";
}

std::string cpr_sentence(const circuits::MibScores& scores) {
  return fmt::format("{} (area under faithfulness by score; more is better)", number(scores.cpr()));
}

std::string cmd_sentence(const circuits::MibScores& scores) {
  return fmt::format("{} (area of |1 − faithfulness| by |score|; less is better)",
                     number(scores.cmd()));
}

std::string completeness_sentence(const circuits::Completeness& completeness) {
  const auto relative = [&](double value) {
    return fmt::format("{:.3f} ({:.1f}% of network − empty)", value,
                       100 * value / completeness.scale);
  };
  return fmt::format("|C∖K − M∖K| over {} sets K: mean of random ones {}, worst {}",
                     completeness.sets.size(), relative(completeness.mean_random()),
                     relative(completeness.worst()));
}

std::string stability_sentence(const circuits::Stability& stability) {
  const circuits::StabilityConfig& config = stability.config;
  return fmt::format(
      "top {} edges over {} resamples of {} inputs: Jaccard overlap {:.3f}; faithfulness {:.3f}, "
      "{:g}% of the resamples within {}; the verdict (at least {:g}) flips in {}",
      config.edges, config.resamples, stability.inputs, stability.jaccard, stability.faithfulness,
      100 * config.confidence, bounds_text(stability.spread), config.threshold, stability.flips);
}

void print_self_check(const circuits::SelfCheck& check, const Console& console) {
  console.fact("self-check", fmt::format("full graph = network to {:.1e}, empty graph = full "
                                         "ablation to {:.1e}, logits up to {:.3g}",
                                         check.full, check.empty, check.scale));
}

void print_measures(const std::vector<circuits::Measures>& rows, const Console& console) {
  Table table({{"ablation", Align::Left},
               {"faithfulness"},
               {"interval", Align::Left},
               {"network"},
               {"circuit"},
               {"empty"},
               {"same answer"},
               {"interval", Align::Left},
               {"right"}});
  for (const circuits::Measures& row : rows) {
    const circuits::Faithfulness& f = row.faithfulness;
    table.add_row({{row.ablation},
                   {number(f.normalised), Tone::Bold},
                   {bounds_text(f.interval), Tone::Faint},
                   {number(f.network)},
                   {number(f.circuit)},
                   {number(f.empty)},
                   {percent(row.agreement), Tone::Bold},
                   {bounds_text(row.agreement.interval), Tone::Faint},
                   {percent(row.circuit_right)}});
  }
  if (!rows.empty())
    console.line(in_locale(wrapped(agreement_sentence(rows.front()), width_of(stdout), 0)));
  console.line();
  console.line(table.to_string(console.colour()));
  console.line();
  if (!rows.empty()) console.fact("intervals", intervals_sentence(rows.front()));
}

void print_curve(const circuits::MibScores& scores, const Console& console) {
  Table table({{"edges"}, {"share"}, {"f, by score"}, {"f, by |score|"}});
  for (size_t i = 0; i < scores.by_score.points.size(); ++i) {
    const circuits::CurvePoint& point = scores.by_score.points[i];
    table.add_row({{grouped(point.edges)},
                   {fmt::format("{:g}%", 100 * point.share)},
                   {number(point.faithfulness)},
                   {number(scores.by_importance.points[i].faithfulness)}});
  }
  console.line(table.to_string(console.colour()));
  console.line();
  console.fact("CPR", cpr_sentence(scores));
  console.fact("CMD", cmd_sentence(scores));
}

void print_completeness(const circuits::Completeness& completeness,
                        const circuits::Minimality& minimality, const Console& console) {
  console.fact("completeness", completeness_sentence(completeness));
  const auto worst =
      std::ranges::max_element(completeness.sets, {}, &circuits::RemovedSet::incompleteness);
  if (worst != completeness.sets.end()) console.fact("", "worst K: " + listed(worst->edges));
  std::vector<circuits::EdgeContribution> edges = minimality.edges;
  std::ranges::sort(edges, {}, [](const auto& e) { return std::abs(e.largest); });
  Table table({{"least needed edges", Align::Left}, {"alone"}, {"± s.e."}, {"largest"}, {"|K|"}});
  for (size_t i = 0; i < std::min<size_t>(5, edges.size()); ++i)
    table.add_row({{edges[i].edge},
                   {number(edges[i].alone)},
                   {error_text(edges[i].standard_error)},
                   {number(edges[i].largest)},
                   {std::to_string(edges[i].set_size)}});
  console.line();
  console.line(table.to_string(console.colour()));
  console.line();
}

void print_tests(const circuits::HypothesisTests& tests, const Console& console) {
  const auto print = [&](const char* name, const auto& test) {
    if (!test) return;
    const circuits::Finding& finding = test->finding;
    const std::string outcome = to_string(finding.outcome);
    console.fact(name, console.paint(outcome, tone_of(finding.outcome)) + ": " + finding.claim);
    console.fact("", finding.because);
  };
  console.line();
  print("equivalence", tests.equivalence);
  print("independence", tests.independence);
  print("minimality", tests.minimality);
  print("sufficiency", tests.sufficiency);
  print("partial necessity", tests.partial_necessity);
  if (tests.minimality) {
    std::vector<std::string> not_needed;
    for (const circuits::EdgeTest& edge : tests.minimality->edges)
      if (!edge.is_needed) not_needed.push_back(edge.edge);
    if (!not_needed.empty()) console.fact("not told needed", listed(not_needed));
  }
  for (const std::string& why : tests.skipped) console.fact("skipped", why);
}

void print_stability(const circuits::Stability& stability, const Console& console) {
  console.fact("stability", stability_sentence(stability));
}

}  // namespace assay::tools
