#pragma once
// The hypothesis tests about a circuit, in JSON, member by member (interp/files/fields.h). Each
// begins with its finding, then come the figures that it rests on.

#include "circuits/measures/hypothesis_tests.h"
#include "interp/files/fields.h"
#include "interp/interval_field.h"

namespace assay::circuits {

template <class V>
void finding_fields(V& v, Finding& finding) {
  v("claim", finding.claim, "in words");
  v.through(
      "outcome", finding.outcome, [](Outcome outcome) { return to_string(outcome); },
      [](const nlohmann::ordered_json& json) { return parse_outcome(json.get<std::string>()); },
      interp::json_shapes::text_among({"shown", "against", "could not tell"}),
      "`shown`, `against` or `could not tell`");
  v("because", finding.because, "the figures, in words");
}

template <class V>
void fields(V& v, Equivalence& test) {
  finding_fields(v, test.finding);
  v("wins", test.wins, "inputs on which the circuit scores higher", interp::counts());
  v("losses", test.losses, "lower", interp::counts());
  v("ties", test.ties, "the same, to rounding", interp::counts());
  v("margin", test.margin, "win rates this close to 1/2 count as equal", interp::shares());
  interp::interval_field(v, "win_rate_bounds", test.win_rate, "one-sided each; ties count half");
  v("smallest_margin", test.smallest_margin, "that so many inputs could have shown",
    interp::numbers_if_any());
}

template <class V>
void fields(V& v, Independence& test) {
  const interp::Shape number = interp::numbers_if_any();
  finding_fields(v, test.finding);
  v("ablation", test.ablation, "that it was tested under");
  v("inputs", test.inputs, "that entered it", interp::counts());
  v("hsic", test.test.statistic, "the statistic", number);
  v("normalised_hsic", test.test.normalised, "from 0 to 1", number);
  v("p_value", test.test.p_value, "by permutation", interp::shares());
  v.through(
      "detectable_share", test.detectable,
      [](const std::optional<double>& share) {
        return share ? nlohmann::ordered_json(*share) : nlohmann::ordered_json();
      },
      [](const nlohmann::ordered_json& json) {
        return json.is_null() ? std::optional<double>() : json.get<double>();
      },
      interp::json_shapes::nullable(interp::shares()),
      "share of inputs that knew the answer from which on it would have been found, if any");
}

template <class V>
void fields(V& v, EdgeTest& edge) {
  v("edge", edge.edge, "of the circuit");
  v("effect", edge.effect, "mean change of the metric without it", interp::numbers_if_any());
  v("p_value", edge.p_value, "that a random edge does as much", interp::shares());
  v("adjusted_p_value", edge.adjusted, "for all edges together", interp::shares());
  v("needed", edge.is_needed, "whether that is below the level");
}

template <class V>
void fields(V& v, MinimalityTest& test) {
  finding_fields(v, test.finding);
  v.through(
      "correction", test.correction, [](Correction correction) { return to_string(correction); },
      [](const nlohmann::ordered_json& json) { return parse_correction(json.get<std::string>()); },
      interp::json_shapes::text_among({"holm", "benjamini-hochberg"}), "for the edges together");
  v.derived("not_needed", test.not_needed(), "how many are not told from random ones",
            interp::counts());
  v("edges", test.edges, "one per edge of the circuit");
  v("random_effects", test.random, "of random edges that were added and removed again",
    interp::json_shapes::list(interp::numbers_if_any()));
}

template <class V>
void fields(V& v, AgainstRandom& test) {
  const interp::Shape number = interp::numbers_if_any();
  finding_fields(v, test.finding);
  v("value", test.value, "of the circuit", number);
  v("p_value", test.p_value, "that a random circuit does as well", interp::shares());
  v("random_values", test.random, "of random circuits of as many edges",
    interp::json_shapes::list(number));
}

template <class V>
void fields(V& v, HypothesisTests& tests) {
  v("alpha", tests.config.alpha, "level of each test", interp::shares());
  v("draws", tests.config.draws, "random circuits, edges, permutations", interp::counts());
  v("seed", tests.config.seed, "that they are drawn with");
  v("equivalence", tests.equivalence, "the circuit scores as often higher as lower");
  v("independence", tests.independence, "what lies outside knows nothing of the answer");
  v("minimality", tests.minimality, "every edge does more than random ones");
  v("sufficiency", tests.sufficiency, "it is more faithful than random circuits");
  v("partial_necessity", tests.partial_necessity, "the network misses it more than those");
  v("skipped", tests.skipped, "why tests could not be run");
}

}  // namespace assay::circuits
