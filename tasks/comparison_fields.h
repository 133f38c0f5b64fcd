#pragma once
// The summary of a comparison, in JSON, member by member (interp/files/fields.h).

#include "interp/files/fields.h"
#include "interp/interval_field.h"
#include "tasks/comparison_summary.h"

namespace assay::tasks {

/// Members by name; without any, `none` is written.
template <class V, class T, class Encode, class Decode>
void by_name(V& v, const char* name, std::map<std::string, T>& members, const Encode& encode,
             const Decode& decode, const interp::Shape& shape, const char* help,
             const nlohmann::ordered_json& none = nullptr) {
  v.through(
      name, members,
      [&](const std::map<std::string, T>& all) {
        nlohmann::ordered_json json = none;
        for (const auto& [key, value] : all) json[key] = encode(value);
        return json;
      },
      [&](const nlohmann::ordered_json& json) {
        std::map<std::string, T> all;
        for (const auto& [key, value] : json.items()) all[key] = decode(value);
        return all;
      },
      interp::json_shapes::nullable(interp::json_shapes::map(shape)), help);
}
template <class V, class T>
void by_name(V& v, const char* name, std::map<std::string, T>& members, const char* help,
             const nlohmann::ordered_json& none = nullptr) {
  by_name(v, name, members, interp::write_record<T>, interp::read_checked<T>, interp::shape_of<T>(),
          help, none);
}

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
void fields(V& v, Leader& leader) {
  v("method", leader.method, "with the best mean");
  v.derived("best", leader.is_best(), "whether that says that it is the best one");
  v("not_told_apart", leader.not_told_apart, "whose paired differences from it may be 0");
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
          "`above_chance`",
          nlohmann::ordered_json::object());
}

}  // namespace assay::tasks
