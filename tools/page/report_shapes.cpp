#include "tools/page/report_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "circuits/measures/measure_fields.h"
#include "tasks/comparison_fields.h"
#include "tools/explained_fields.h"
#include "tools/validation_record.h"

namespace assay::tools::page {
namespace shapes {  // whose names are short, and nobody else's
namespace {

using interp::Shape;
// Declared one by one: functions of these names in the namespaces around would hide them.
using interp::json_shapes::anything, interp::json_shapes::boolean, interp::json_shapes::Field,
    interp::json_shapes::integer, interp::json_shapes::list, interp::json_shapes::map,
    interp::json_shapes::nullable, interp::json_shapes::number, interp::json_shapes::object,
    interp::json_shapes::optional, interp::json_shapes::text, interp::json_shapes::text_among,
    interp::json_shapes::with_or_without;

/// Of inputs, edges and the like: sums of a few of them are no overflow.
Shape count() {
  return integer(0, 1'000'000'000'000'000);
}

// NaN is null in a file.
Shape number_if_any() {
  return nullable(number());
}

Shape task() {
  return object({{"name", text()}, {"settings", map(anything())}});
}

Shape file() {
  return object({{"path", text()}, {"sha256", text()}});
}

/// With what all reports may say of themselves.
Shape report(std::vector<Field> fields) {
  fields.push_back(optional("title", text()));
  fields.push_back(optional("command", text()));
  fields.push_back(optional("task", task()));
  return object(std::move(fields));
}

// --- validation

/// What stands beside the report's own fields (axioms/report_fields.h).
Shape validation() {
  const Shape row = object({{"node", text()},
                            {"axiom", text_among({"PE", "CE", "PR", "CR"})},
                            {"n", count()},
                            {"failures", count()},
                            {"rate", number(0, 1)},
                            optional("upper", number(0, 1))});
  return object({optional("under", list(object({{"transformation", text()},
                                                {"help", text()},
                                                {"accuracy", number(0, 1)},
                                                {"rows", list(row)}})))});
}

// --- explanations

Shape explanation() {
  std::vector<Field> fields = interp::fields_of<ExplainedRecord>().members;
  fields.push_back({"facts", map(text())});
  return report(std::move(fields));
}

Shape comparison() {
  const Shape scored = object({{"method", text()}, {"scores", list(number_if_any())}});
  return report(
      {{"task", task()},
       {"features", text()},
       {"confidence", number(0, 1)},
       {"partial", boolean()},
       {"summary", interp::shape_of<tasks::ComparisonSummary>()},
       {"inputs",
        list(object({{"input", text()}, {"right", boolean()}, {"methods", list(scored)}}))}});
}

// --- circuits

Shape measurement() {
  const Shape measured = interp::shape_of<circuits::Measures>();
  const Shape test = object({{"claim", text()},
                             {"outcome", text_among({"shown", "against", "could not tell"})},
                             {"because", text()}});
  return report(
      {{"measures", with_or_without("rows", object({{"rows", list(measured, 1)}}), measured)},
       {"circuit", file()},
       optional("curve", interp::shape_of<circuits::MibScores>()),
       optional("interpretation", object({{"components", map(text())},
                                          {"not_mentioned", list(text())},
                                          {"not_in_circuit", list(text())}})),
       optional("tests", object({{"alpha", number(0, 1)},
                                 {"skipped", list(text())},
                                 optional("equivalence", test),
                                 optional("independence", test),
                                 optional("sufficiency", test),
                                 optional("partial_necessity", test),
                                 optional("minimality", test)})),
       optional("completeness", object({{"worst", number()}, {"mean_of_random_sets", number()}})),
       optional("stability", object({{"verdict", boolean()},
                                     {"threshold", number()},
                                     {"flips", count()},
                                     {"resamples", count()}}))});
}

/// The circuit itself is read by circuits::load_circuit().
Shape circuit() {
  return object({optional("assay", report({}))});
}

Shape proofs() {
  const Shape one = object({{"position", count()},
                            {"text", text()},
                            {"verdict", text_among({"proved", "refuted", "open"})},
                            {"margin", number_if_any()},
                            optional("closest", text())});
  const Shape statement = object({{"statement", text()},
                                  {"node", nullable(text())},
                                  {"verdict", text_among({"proved", "refuted", "open"})},
                                  {"words", text()},
                                  optional("cases", list(one)),
                                  optional("float32", object({{"words", text()}})),
                                  optional("input", text()),
                                  optional("network", text()),
                                  optional("right", text())});
  const Shape rows = object({{"rows", list(text(), 1)},
                             {"never", boolean()},
                             optional("is_error", boolean()),
                             {"because", text()}});
  return report({{"model", file()},
                 {"interpretation", file()},
                 {"domain", object({{"name", text()}, {"words", text()}, {"inputs", text()}})},
                 optional("certificate", text()),
                 {"statements", list(statement)},
                 {"rows", list(rows)}});
}

/// Earlier trainings do not say what their accuracy was measured on.
Shape training() {
  const std::vector<Field> line = {
      {"step", count()}, {"loss", number_if_any()}, {"accuracy", number(0, 1)}};
  std::vector<Field> measured = line;
  measured.insert(measured.end(), {{"accuracy_of", text()}, {"accuracy_inputs", count()}});
  return object({{"lines", list(with_or_without("accuracy_of", object(measured), object(line)))}});
}

Shape derivation() {
  return report(
      {{"evidence",
        list(object({{"node", text()}, {"statement", text()}, {"supports", boolean()}}))}});
}

}  // namespace
}  // namespace shapes

namespace {

void require_size(size_t found, size_t expected, const std::string& field, const char* of) {
  if (found != expected)
    throw std::invalid_argument(fmt::format(
        "field '{}': expected as many as there are {}, {}; found {}", field, of, expected, found));
}

void require_consistent_explanation(const Json& report) {
  const size_t features = report.at("features").size();
  for (size_t f = 0; f < features; ++f)
    for (const size_t position : report["features"][f].at("positions"))
      if (position >= report.at("tokens").size())
        throw std::invalid_argument(
            fmt::format("field 'features[{}].positions': no token {}", f, position));
  for (size_t i = 0; i < report.at("explanations").size(); ++i) {
    const Json& explanation = report["explanations"][i];
    const std::string field = fmt::format("explanations[{}].", i);
    for (const char* name : {"scores", "standard_errors"})
      if (explanation.contains(name))
        require_size(explanation[name].size(), features, field + name, "features");
    if (explanation.contains("readings"))
      for (const auto& [name, scores] : explanation["readings"].items())
        require_size(scores.size(), features, field + "readings", "features");
  }
}

// A leader is one of the methods, and leads by a mean that it has.
void require_consistent_comparison(const Json& report) {
  const auto summary =
      interp::read_record<tasks::ComparisonSummary>(report.at("summary"), "summary");
  for (const auto& [measure, leader] : summary.leaders) {
    const auto method =
        std::ranges::find(summary.methods, leader.method, &tasks::MethodSummary::method);
    if (method == summary.methods.end() || !method->measures.contains(measure) ||
        std::isnan(method->measures.at(measure).mean))
      throw std::invalid_argument(
          fmt::format("field 'summary.leaders': no method '{}' has the measure '{}'",
                      interp::cut_short(leader.method, 60), interp::cut_short(measure, 60)));
  }
}

}  // namespace

const interp::Shape& shape_of(RunKind kind) {
  using namespace shapes;
  static const std::map<RunKind, Shape> shapes = {
      {RunKind::Validation, validation()},
      {RunKind::Explanation, explanation()},
      {RunKind::Comparison, comparison()},
      {RunKind::Measurement, measurement()},
      {RunKind::Discovery, report({{"circuit", file()}})},
      {RunKind::Circuit, circuit()},
      {RunKind::Derivation, derivation()},
      {RunKind::Proofs, proofs()},
      {RunKind::Training, training()},
      {RunKind::Manifest, report({})}};
  return shapes.at(kind);
}

void require_consistent(const Run& run) {
  if (run.kind == RunKind::Explanation) require_consistent_explanation(run.report);
  if (run.kind == RunKind::Comparison) require_consistent_comparison(run.report);
  if (run.kind == RunKind::Validation) validation_from_json(run.report, "not a whole report");
}

}  // namespace assay::tools::page
