#pragma once
// What is measured of a circuit, in JSON, member by member (interp/files/fields.h).

#include "circuits/measures/completeness.h"
#include "circuits/measures/faithfulness_curve.h"
#include "circuits/measures/measures.h"
#include "circuits/measures/minimality.h"
#include "circuits/measures/stability.h"
#include "interp/files/fields.h"
#include "interp/interval_field.h"

namespace assay::circuits {

template <class V>
void fields(V& v, SelfCheck& check) {
  const interp::Shape difference = interp::numbers_if_any();
  v("inputs", check.inputs, "looked at", interp::counts());
  v("full_graph_against_network", check.full, "largest difference of logits", difference);
  v("empty_graph_against_ablation", check.empty, "likewise", difference);
  v("largest_logit", check.scale, "what they are to be compared with", difference);
}

template <class V>
void fields(V& v, Rate& rate) {
  v("hits", rate.hits, "inputs on which it holds", interp::counts());
  v("n", rate.n, "inputs", interp::counts());
  v.derived("rate", rate.value(), "their share", interp::numbers_if_any());
  interp::interval_field(v, "interval", rate.interval, "exact (Clopper-Pearson)");
}

template <class V>
void fields(V& v, Faithfulness& faithfulness) {
  const interp::Shape mean = interp::numbers_if_any();
  v("network", faithfulness.network, "mean metric of the network", mean);
  v("circuit", faithfulness.circuit, "of the circuit", mean);
  v("empty", faithfulness.empty, "of the circuit of no edges", mean);
  v("normalised", faithfulness.normalised, "(circuit − empty)/(network − empty)", mean);
  interp::interval_field(v, "interval", faithfulness.interval,
                         "of `normalised`, by the bootstrap over inputs");
}

template <class V>
void fields(V& v, Measures& measures) {
  v("metric", measures.metric, "what circuits are compared by");
  v("ablation", measures.ablation, "what cut edges carry");
  v("inputs", measures.inputs, "measured on", interp::counts());
  v("edges", measures.edges, "of the circuit", interp::counts());
  v("of_edges", measures.of_edges, "of the graph", interp::counts());
  v("confidence", measures.confidence, "of every interval", interp::shares());
  v("independent", measures.is_sample, "the inputs are independent draws; else they are a list");
  v("self_check", measures.self_check, "what the run proves about itself");
  v("faithfulness", measures.faithfulness, "of the means over the inputs");
  v("agreement", measures.agreement, "the circuit decides as the network does");
  v("empty_agreement", measures.empty_agreement, "the circuit of no edges does");
  v("network_right", measures.network_right, "the network's decision is right");
  v("circuit_right", measures.circuit_right, "the circuit's is");
}

template <class V>
void fields(V& v, CurvePoint& point) {
  v("share", point.share, "of the edges", interp::shares());
  v("edges", point.edges, "that many", interp::counts());
  v("faithfulness", point.faithfulness, "normalised", interp::numbers_if_any());
}

template <class V>
void fields(V& v, FaithfulnessCurve& curve) {
  namespace shapes = interp::json_shapes;
  v.through(
      "scores", curve.is_signed, [](bool is_signed) { return is_signed ? "signed" : "absolute"; },
      [](const nlohmann::ordered_json& json) { return json == "signed"; },
      shapes::text_among({"signed", "absolute"}), "how edges are ranked: `signed` or `absolute`");
  v.through(
      "selection", curve.selection, [](Selection selection) { return to_string(selection); },
      [](const nlohmann::ordered_json& json) { return parse_selection(json.get<std::string>()); },
      shapes::text_among({"top-n", "greedy"}), "how they are taken: `greedy` or `top-n`");
  v("points", curve.points, "one per share");
  v.derived("area", curve.area(), "below the curve", interp::numbers_if_any());
  v.derived("area_from_one", curve.area_from_one(), "between the curve and 1",
            interp::numbers_if_any());
}

template <class V>
void fields(V& v, MibScores& scores) {
  v.derived("cpr", scores.cpr(), "the area of `by_score`", interp::numbers_if_any());
  v.derived("cmd", scores.cmd(), "the area from 1 of `by_importance`", interp::numbers_if_any());
  v("by_score", scores.by_score, "edges taken by score");
  v("by_importance", scores.by_importance, "edges taken by its absolute value");
}

template <class V>
void fields(V& v, RemovedSet& set) {
  const interp::Shape mean = interp::numbers_if_any();
  v("removed", set.edges, "K, by name");
  v("greedy", set.is_greedy, "built edge by edge to tell circuit and network apart; else random");
  v("circuit", set.circuit, "mean metric of the circuit without K", mean);
  v("network", set.network, "of the network without K", mean);
  v.derived("incompleteness", set.incompleteness(), "how far apart these two are", mean);
}

template <class V>
void fields(V& v, Completeness& completeness) {
  const interp::Shape mean = interp::numbers_if_any();
  v("scale", completeness.scale,
    "from the mean metric of the network to that of no edges: what it is compared with", mean);
  v.derived("mean_of_random_sets", completeness.mean_random(), "of their incompleteness", mean);
  v.derived("worst", completeness.worst(), "largest incompleteness", mean);
  v("sets", completeness.sets, "one per set K of edges that is removed from both");
}

template <class V>
void fields(V& v, EdgeContribution& edge) {
  const interp::Shape change = interp::numbers_if_any();
  v("edge", edge.edge, "of the circuit");
  v("alone", edge.alone, "how much the mean metric falls without it", change);
  v("standard_error", edge.standard_error, "of `alone`, over inputs", change);
  v("largest", edge.largest, "the same beside a set K that is removed as well", change);
  v("set_size", edge.set_size, "edges of that K", interp::counts());
}

template <class V>
void fields(V& v, Minimality& minimality) {
  v("scale", minimality.scale, "from the mean metric of the network to that of no edges",
    interp::numbers_if_any());
  v("edges", minimality.edges, "one per edge of the circuit");
}

template <class V>
void fields(V& v, ChosenEdge& edge) {
  v("edge", edge.edge, "its name");
  v("frequency", edge.frequency, "share of the resamples that chose it", interp::shares());
}

template <class V>
void fields(V& v, Stability& stability) {
  const interp::Shape number = interp::numbers_if_any();
  StabilityConfig& config = stability.config;
  v("method", config.discovery.method, "that edges are scored by");
  v("inputs", stability.inputs, "that are resampled", interp::counts());
  v("edges", config.edges, "of each circuit", interp::counts());
  v("resamples", config.resamples, "bootstrap resamples of the inputs", interp::counts());
  v("seed", config.seed, "of the resamples");
  v("jaccard", stability.jaccard, "mean overlap of two resamples' circuits", number);
  v("faithfulness", stability.faithfulness, "of the circuit of all inputs, normalised", number);
  interp::interval_field(v, "spread", stability.spread, "where most resamples' lie");
  v("threshold", config.threshold, "what the verdict asks of it", number);
  v.derived("verdict", stability.verdict(), "it is at least that");
  v("flips", stability.flips, "resamples with another verdict", interp::counts());
  v("chosen", stability.chosen, "edges that any resample chose");
}

}  // namespace assay::circuits
