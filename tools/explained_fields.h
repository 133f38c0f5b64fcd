#pragma once
// An explained input in JSON, member by member (interp/files/fields.h).

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interp/attribution/features.h"
#include "interp/files/fields.h"
#include "interp/interval_field.h"
#include "tools/attention_patterns.h"
#include "tools/record_fields.h"

namespace assay::interp::attribution {

template <class V>
void fields(V& v, Feature& feature) {
  v("name", feature.name, "as shown to people");
  v("positions", feature.positions, "of its tokens", json_shapes::list(counts()));
}

}  // namespace assay::interp::attribution

namespace assay::tools {

struct ExplanationRecord {
  std::string method;
  std::vector<double> scores;
  std::optional<std::vector<double>> standard_errors;
  std::optional<nlohmann::ordered_json> readings;
  int64_t rows = 0;
  double seconds = 0;
  std::optional<nlohmann::ordered_json> diagnostics;
  std::string caveat;
};

struct ExplainedRecord {
  std::optional<nlohmann::ordered_json> task;
  std::vector<std::pair<std::string, std::string>> facts;
  std::optional<std::string> model_sha256;
  std::vector<std::string> tokens;
  std::vector<interp::attribution::Feature> features;
  std::vector<ExplanationRecord> explanations;
  std::optional<std::vector<HeadPattern>> attention = {};
  std::string attention_left_out = {};
};

template <class V>
void fields(V& v, HeadPattern& pattern) {
  namespace shapes = interp::json_shapes;
  v("head", pattern.head, "block and head, counted from 1");
  v("shares", pattern.shares, "of attention, that each token (a row) gives to each, to four digits",
    shapes::list(shapes::list(shapes::number(0, 1))));
}

template <class V>
void fields(V& v, ExplanationRecord& explanation) {
  namespace shapes = interp::json_shapes;
  const interp::Shape scores = shapes::list(interp::numbers_if_any());
  v("method", explanation.method, "with its preset");
  v("scores", explanation.scores, "one per feature", scores);
  v("standard_errors", explanation.standard_errors, "of the scores, where the method has any",
    scores);
  v("readings", explanation.readings, "other scores of the same run, by name", shapes::map(scores));
  v("rows", explanation.rows, "of the network", interp::counts());
  v("seconds", explanation.seconds, "by the clock", shapes::number(0));
  v("diagnostics", explanation.diagnostics, "of the run: fit, convergence");
  v.if_any("caveat", explanation.caveat, "what must be known before the scores are believed");
}

template <class V>
void fields(V& v, ExplainedRecord& input) {
  v("task", input.task, "name and settings; without: a module of one's own", task_shape());
  interp::by_name(v, "facts", input.facts,
                  "in words: `model`, `task`, `input`, the `answer`, and what is `explained`");
  v("model_sha256", input.model_sha256, "of the network");
  v("tokens", input.tokens, "the input, by name");
  v("features", input.features, "what is scored");
  v("explanations", input.explanations, "one per method");
  v("attention", input.attention, "of every head on this input; up to 20,000 shares are kept");
  v.if_any("attention_left_out", input.attention_left_out, "why there is none, if it is too much");
}

}  // namespace assay::tools
