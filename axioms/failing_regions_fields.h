#pragma once
// What is said of failing inputs in a report's JSON (interp/files/fields.h).

#include "axioms/failing_regions.h"
#include "interp/files/fields.h"

namespace assay::axioms {

// What JSON says in another way than the members.
nlohmann::ordered_json relation_as_json(statistics::Relation relation);
statistics::Relation relation_from_json(const nlohmann::ordered_json& name);
nlohmann::ordered_json cells_as_json(const FeatureCounts& counts);
FeatureCounts cells_from_json(const nlohmann::ordered_json& list);
interp::Shape cells_shape();

template <class V>
void fields(V& v, InputFeature& feature) {
  v("name", feature.name, "a noun");
  v("category", feature.category, "its values have no order");
  v("values", feature.values, "of a category: their names");
}

template <class V>
void fields(V& v, RegionCondition& condition) {
  using namespace interp::json_shapes;
  v("feature", condition.feature, "what is asked about");
  v.through("relation", condition.relation, relation_as_json, relation_from_json,
            text_among({"at most", "at least", "is", "is not"}),
            "`at most`, `at least`, `is` or `is not`");
  v("value", condition.value, "the number", interp::counts());
  v("value_name", condition.value_name, "of a category: what it means");
}

template <class V>
void fields(V& v, Region& region) {
  v("conditions", region.conditions, "all of which hold of its inputs",
    interp::json_shapes::list(interp::shape_of<RegionCondition>(), 1, 2));
  v("fitted", region.fitted, "among the inputs that the tree was fitted on");
  v("held_out", region.held_out, "among the others");
  v.derived("lower", region.lower, "bound of its rate, from `held_out`; all rows' hold together",
            interp::shares());
  v.derived("upper", region.upper, "the bound from above", interp::shares());
}

template <class V>
void fields(V& v, FailingRegions& where) {
  v.derived("sentence", where.sentence, "in words");
  v("fitted", where.fitted, "the inputs that the tree was fitted on");
  v("held_out", where.held_out, "the others, which rates and bounds are from");
  v("regions", where.regions,
    "they share out all inputs, the one with the highest rate first; empty: no feature tells "
    "failing inputs");
  v.derived("others_upper", where.others_upper, "bound of the rate outside of the first region",
            interp::shares());
  v.derived("generalises", where.generalises,
            "the first region surely fails more often than the rest");
}

}  // namespace assay::axioms
