#pragma once
// What a search for a node's place found, in JSON, member by member (interp/files/fields.h).

#include "axioms/alignment.h"
#include "axioms/report_fields.h"

namespace assay::axioms {

template <class V>
void fields(V& v, ProbedSite& probed) {
  const auto as_text = [](const interp::Site& site) { return interp::to_string(site); };
  const auto from_text = [](const nlohmann::ordered_json& text) {
    return interp::Site{.place = text.get<std::string>()};  // for people, and never parsed
  };
  v.through("site", probed.site, as_text, from_text, interp::json_shapes::text(), "where");
  v("explained", probed.explained,
    "share of the value's variance that probes explain on inputs that they were not fitted on");
}

template <class V>
void fields(V& v, AlignmentCandidate& candidate) {
  ProbedSite probed{candidate.site, candidate.explained};
  fields(v, probed);
  candidate.site = probed.site;
  candidate.explained = probed.explained;
  v("dimensions", candidate.dimensions, "of each position's subspace, at most", interp::counts());
  v("exchanged", candidate.exchanged,
    "pairs (`n`) whose decision is not the one concluded (`failures`), with the subspace "
    "exchanged");
  v("random", candidate.random, "with a random subspace exchanged, orthogonal to it");
  v("untouched", candidate.untouched, "with nothing exchanged");
  v.derived("accuracy_lower", candidate.accuracy_lower,
            "bound of the interchange accuracy, for all candidates together", interp::shares());
  v.derived("accuracy_upper", candidate.accuracy_upper, "the bound from above", interp::shares());
  v.derived("better_than_chance", candidate.better_than_chance,
            "surely more often right than random subspaces and untouched pairs");
}

template <class V>
void fields(V& v, Alignment& alignment) {
  v("node", alignment.node, "whose place was looked for");
  v.derived("found", alignment.is_found(),
            "the first candidate is better than chance, and its probes explain half of the value");
  v("fitted", alignment.fitted, "inputs", interp::counts());
  v("held_out", alignment.held_out, "other inputs, which the figures are from", interp::counts());
  v("width", alignment.width, "numbers that the value is written as", interp::counts());
  v("confidence", alignment.confidence, "of all bounds together",
    interp::json_shapes::number(0, 1));
  v("sites", alignment.sites, "positions, and groups of them, by place: the best first");
  v("candidates", alignment.candidates, "subspaces, the best first");
}

}  // namespace assay::axioms
