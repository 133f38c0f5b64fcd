#pragma once
// What is measured of a circuit, in JSON, member by member (interp/files/fields.h).

#include "circuits/measures/faithfulness_curve.h"
#include "circuits/measures/measures.h"
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

}  // namespace assay::circuits
