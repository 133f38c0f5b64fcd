#pragma once
// What a study says, in JSON, member by member (interp/files/fields.h).

#include "interp/files/fields.h"
#include "interp/interval_field.h"
#include "tasks/synthetic_text/study.h"

namespace assay::tasks::synthetic_text {

nlohmann::ordered_json errors_as_json(const std::vector<SurrogateError>& errors);
std::vector<SurrogateError> errors_from_json(const nlohmann::ordered_json& json);

template <class V>
void fields(V& v, Repetition& repetition) {
  v("times", repetition.times, "how often the word stands there", interp::counts());
  v("network", repetition.network, "the network's log odds", interp::numbers_if_any());
  v("truth", repetition.truth, "the language's", interp::numbers_if_any());
}

template <class V>
void fields(V& v, RepeatedWord& repeated) {
  v("word", repeated.word, "of the largest value");
  v("log_odds", repeated.log_odds, "of texts of this word alone");
}

template <class V>
void fields(V& v, Recovery& recovery) {
  const interp::Shape number = interp::numbers_if_any();
  v("rmse_value", recovery.rmse_value, "of the values", number);
  v("rmse_importance", recovery.rmse_importance, "of the importances, both centred", number);
  v("correlation_value", recovery.correlation_value, "of the values", number);
  v("correlation_importance", recovery.correlation_importance, "of the importances", number);
}

template <class V>
void fields(V& v, Study& study) {
  v("variance", study.variance, "of the network's log odds", interp::numbers_if_any());
  v("truth_rmse", study.truth_rmse, "between the network's log odds and the true ones",
    interp::numbers_if_any());
  v.through("mse", study.surrogates, errors_as_json, errors_from_json,
            interp::json_shapes::map(interp::numbers_if_any()),
            "by surrogate, between its log odds and the network's on test texts");
  v("repeated", study.repeated, "one word, over and over");
  v("recovery", study.recovery, "SLALOM's parameters against the true ones, where there are any");
}

}  // namespace assay::tasks::synthetic_text
