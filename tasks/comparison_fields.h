#pragma once
// A comparison and its summary in JSON, member by member (interp/files/fields.h).

#include "interp/files/fields.h"
#include "interp/interval_field.h"
#include "tasks/comparison_summary.h"

namespace assay::tasks {

using interp::by_name;

template <class V>
void fields(V& v, Note& note) {
  v("inputs", note.inputs, "that it is said of", interp::counts());
  v("first", note.first, "in the words of the first");
}

template <class V>
void fields(V& v, MeanMeasure& measure) {
  v("mean", measure.mean, "over the inputs where it is defined", interp::numbers_if_any());
  interp::interval_field(v, "interval", measure.interval, "of the mean, by the bootstrap");
  v("inputs", measure.inputs, "where it is defined", interp::counts());
}

template <class V>
void fields(V& v, MethodSummary& method) {
  v("method", method.method, "as it was asked for");
  by_name(v, "measures", method.measures, "by name: `mean`, `interval`, `inputs`");
  v("rows", method.rows, "of the network per explanation", interp::numbers_if_any());
  v("seconds", method.seconds, "per explanation", interp::numbers_if_any());
  v.if_any("caveats", method.caveats, "where some explanations have one");
  v.if_any("failures", method.failures, "inputs without an explanation, left out of all averages");
}

template <class V>
void fields(V& v, PairedDifference& difference) {
  v("method", difference.method, "the other one");
  v("mean", difference.mean, "of the leader's value less the other's", interp::numbers_if_any());
  interp::interval_field(v, "interval", difference.interval,
                         "of that mean; those of one leader hold together");
  v("inputs", difference.inputs, "on which both have the measure", interp::counts());
}

template <class V>
void fields(V& v, Leader& leader) {
  v("method", leader.method, "with the best mean");
  v.derived("best", leader.is_best(), "whether that says that it is the best one");
  v("not_told_apart", leader.not_told_apart, "whose paired differences from it may be 0");
  v.if_any("differences", leader.differences,
           "from each rival, input by input: `method`, `mean`, `interval`, `inputs`");
  v("above_chance", leader.above_chance, "or there is no chance to compare with");
}

template <class V>
void fields(V& v, ComparisonSummary& summary) {
  v("methods", summary.methods, "in the order asked for, and what they are held against");
  by_name(
      v, "random", summary.random,
      [](const statistics::Interval& interval) { return statistics::to_json(interval); },
      interp::interval_from_json, interp::intervals(),
      "by measure, where scores that know nothing lie");
  by_name(v, "leaders", summary.leaders,
          "by measure, the best `method`, and how sure that is: `best`, `not_told_apart`, "
          "`differences` (`method`, `mean`, `interval`, `inputs`), `above_chance`",
          nlohmann::ordered_json::object());
}

// --- the inputs

/// What the inputs are held against beside the methods: measures without scores.
struct BaselineRecord {
  std::string method;
  Measures measures;
};

/// A ComparedInput as it is written: in the task's words, and without what follows from the rest.
struct ComparedRecord {
  std::string input;
  bool right = true;
  std::vector<ScoredInput> methods;
  std::vector<BaselineRecord> baselines;
  std::vector<Reference> references;
};

// Tensors: float64 as numbers, where NaN is null; bool as such.
nlohmann::ordered_json values_as_json(const at::Tensor& values);
at::Tensor values_from_json(const nlohmann::ordered_json& list);
// The same where no scores at all are an undefined tensor.
nlohmann::ordered_json scores_as_json(const at::Tensor& scores);
at::Tensor scores_from_json(const nlohmann::ordered_json& list);

template <class V>
void measures_field(V& v, Measures& measures) {
  by_name(v, "measures", measures, interp::write_record<double>, interp::read_checked<double>,
          interp::numbers_if_any(), "by name; null where one is not defined",
          nlohmann::ordered_json::object());
}

template <class V>
void fields(V& v, ScoredInput& scored) {
  v("method", scored.method, "as it was asked for");
  v.through("scores", scored.scores, scores_as_json, scores_from_json,
            interp::json_shapes::list(interp::numbers_if_any()),
            "one per feature; none where it failed");
  measures_field(v, scored.measures);
  v("rows", scored.rows, "of the network", interp::counts());
  v("seconds", scored.seconds, "by the clock", interp::json_shapes::number(0));
  v.if_any("caveat", scored.caveat, "of the explanation");
  v.if_any("failure", scored.failure, "why there is none");
}

template <class V>
void fields(V& v, BaselineRecord& baseline) {
  v("method", baseline.method, "its name");
  measures_field(v, baseline.measures);
}

template <class V>
void fields(V& v, Reference& reference) {
  using namespace interp::json_shapes;
  v("name", reference.name, "`every-mus`, a node, a method");
  v.through("values", reference.values, values_as_json, values_from_json,
            either(list(boolean()), list(nullable(number()))),
            "per feature whether it matters, or how much");
  v("signed", reference.is_signed, "compared with the scores; else with their size");
}

template <class V>
void fields(V& v, ComparedRecord& input) {
  v("input", input.input, "in the task's words");
  v("right", input.right, "the network answers as it should");
  v("methods", input.methods, "in the order asked for");
  v("baselines", input.baselines, "of faithfulness, which have no scores");
  v("references", input.references, "what scores are held against");
}

}  // namespace assay::tasks
