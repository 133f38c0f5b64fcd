#include "tools/measure_text.h"

#include <algorithm>

#include "tools/table.h"

namespace assay::tools {
namespace {

using interp::Interval;

std::string number(double value) {
  return fmt::format("{:.3f}", value);
}

std::string between(const Interval& interval) {
  return fmt::format("[{:.3f}, {:.3f}]", interval.low, interval.high);
}

std::string percent(const circuits::Rate& rate) {
  return fmt::format("{:.1f}%", 100 * rate.value());
}

Cell verdict(bool good, const char* yes, const char* no) {
  return good ? Cell{yes, Tone::Good} : Cell{no, Tone::Caution};
}

}  // namespace

std::string listed(const circuits::ComponentGraph& graph, const std::vector<int64_t>& ids,
                   size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, ids.size()); ++i)
    text += (i == 0 ? "" : "  ") + graph.name(ids[i]);
  if (ids.size() > most) text += fmt::format("  … and {} more", ids.size() - most);
  return ids.empty() ? "none" : text;
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
               {"decides alike"},
               {"interval", Align::Left},
               {"right"}});
  for (const circuits::Measures& row : rows) {
    const circuits::Faithfulness& f = row.faithfulness;
    table.add_row({{to_string(row.ablation)},
                   {number(f.normalised), Tone::Bold},
                   {between(f.interval), Tone::Faint},
                   {number(f.network)},
                   {number(f.circuit)},
                   {number(f.empty)},
                   {percent(row.agreement), Tone::Bold},
                   {between(row.agreement.interval), Tone::Faint},
                   {percent(row.circuit_right)}});
  }
  console.line();
  console.line(table.to_string(console.colour()));
  console.line();
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
  console.fact("CPR", fmt::format("{:.3f} (area under faithfulness by score; more is better)",
                                  scores.cpr()));
  console.fact("CMD", fmt::format("{:.3f} (area of |1 − faithfulness| by |score|; less is better)",
                                  scores.cmd()));
}

void print_completeness(const circuits::Completeness& completeness,
                        const circuits::Minimality& minimality,
                        const circuits::ComponentGraph& graph, const Console& console) {
  const double scale = completeness.scale;
  const auto relative = [&](double value) {
    return fmt::format("{:.3f} ({:.1f}% of network − empty)", value, 100 * value / scale);
  };
  console.fact("completeness",
               fmt::format("|C∖K − M∖K| over {} sets K: mean of random ones {}, "
                           "worst {}",
                           completeness.sets.size(), relative(completeness.mean_random()),
                           relative(completeness.worst())));
  const auto worst =
      std::ranges::max_element(completeness.sets, {}, &circuits::RemovedSet::incompleteness);
  if (worst != completeness.sets.end()) console.fact("", "worst K: " + listed(graph, worst->edges));
  std::vector<circuits::EdgeContribution> edges = minimality.edges;
  std::ranges::sort(edges, {}, [](const auto& e) { return std::abs(e.largest); });
  Table table({{"least needed edges", Align::Left}, {"alone"}, {"± s.e."}, {"largest"}, {"|K|"}});
  for (size_t i = 0; i < std::min<size_t>(5, edges.size()); ++i)
    table.add_row({{graph.name(edges[i].edge)},
                   {number(edges[i].alone)},
                   {number(edges[i].standard_error)},
                   {number(edges[i].largest)},
                   {std::to_string(edges[i].set_size)}});
  console.line();
  console.line(table.to_string(console.colour()));
  console.line();
}

void print_tests(const circuits::HypothesisTests& tests, const circuits::ComponentGraph& graph,
                 const Console& console) {
  Table table({{"test", Align::Left}, {"found", Align::Left}, {"p"}, {"so", Align::Left}});
  const auto p = [](double value) { return fmt::format("{:.4f}", value); };
  if (const auto& test = tests.equivalence)
    table.add_row({{"equivalence"},
                   {fmt::format("the circuit scores higher on {} inputs, lower on {}, {} ties",
                                test->wins, test->losses, test->ties)},
                   {p(test->p_value)},
                   verdict(!test->is_rejected, "not told apart", "one is better")});
  if (const auto& test = tests.independence)
    table.add_row({{"independence"},
                   {fmt::format("HSIC of the rest's and the network's output {:.2g}, {} inputs, "
                                "ablation {}",
                                test->test.statistic, test->inputs, to_string(test->ablation))},
                   {p(test->test.p_value)},
                   verdict(!test->is_rejected, "the rest knows nothing", "the rest knows more")});
  if (const auto& test = tests.minimality) {
    double largest = 0;
    for (const circuits::EdgeTest& edge : test->edges) largest = std::max(largest, edge.adjusted);
    table.add_row(
        {{"minimality"},
         {fmt::format("{} of {} edges do no more than random ones ({})", test->not_needed(),
                      test->edges.size(), to_string(test->correction))},
         {p(largest)},
         verdict(test->not_needed() == 0, "minimal", "not minimal")});
  }
  const auto against_random = [&](const char* name, const auto& test, const char* what) {
    if (!test) return;
    const auto closest = std::ranges::minmax(test->random);
    table.add_row({{name},
                   {fmt::format("{} {:.3f}; random circuits {:.3f} to {:.3f}", what, test->value,
                                closest.min, closest.max)},
                   {p(test->p_value)},
                   verdict(test->is_rejected, "better than random", "no better than random")});
  };
  against_random("sufficiency", tests.sufficiency, "distance to the network");
  against_random("partial necessity", tests.partial_necessity, "distance without the circuit");
  console.line();
  console.line(table.to_string(console.colour()));
  console.line();
  if (tests.minimality) {
    std::vector<int64_t> not_needed;
    for (const circuits::EdgeTest& edge : tests.minimality->edges)
      if (!edge.is_needed) not_needed.push_back(edge.edge);
    if (!not_needed.empty()) console.fact("not needed", listed(graph, not_needed));
  }
  for (const std::string& why : tests.skipped) console.fact("skipped", why);
}

void print_stability(const circuits::Stability& stability, const Console& console) {
  console.fact("stability",
               fmt::format("top {} edges over {} resamples of the inputs: Jaccard overlap {:.3f}; "
                           "faithfulness {:.3f} {}; the verdict (at least {:g}) flips in {}",
                           stability.config.edges, stability.config.resamples, stability.jaccard,
                           stability.faithfulness, between(stability.interval),
                           stability.config.threshold, stability.flips));
}

}  // namespace assay::tools
