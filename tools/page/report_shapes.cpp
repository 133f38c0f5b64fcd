#include "tools/page/report_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "axioms/alignment_fields.h"
#include "circuits/measures/certified_stability_fields.h"
#include "circuits/measures/measure_fields.h"
#include "circuits/measures/test_fields.h"
#include "interp/files/files.h"
#include "sat2/masks.h"
#include "sat2/text.h"
#include "tasks/comparison_fields.h"
#include "tasks/data_task.h"
#include "tasks/subject.h"
#include "tasks/synthetic_text/study_fields.h"
#include "tools/discovery_fields.h"
#include "tools/explained_fields.h"
#include "tools/interpretation_fields.h"
#include "tools/manifest_fields.h"
#include "tools/measure_fields.h"
#include "tools/metrics_fields.h"
#include "tools/mutation_text.h"
#include "tools/network_fields.h"
#include "tools/prove_fields.h"
#include "tools/sweep.h"
#include "tools/validation_record.h"
#include "tools/validation_under.h"

namespace assay::tools::page {
namespace shapes {  // whose names are short, and nobody else's
namespace {

using interp::Shape;
// Declared one by one: functions of these names in the namespaces around would hide them.
using interp::json_shapes::anything, interp::json_shapes::boolean, interp::json_shapes::Field,
    interp::json_shapes::list, interp::json_shapes::map, interp::json_shapes::natural,
    interp::json_shapes::number, interp::json_shapes::object, interp::json_shapes::optional,
    interp::json_shapes::text, interp::json_shapes::with_or_without;

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

/// What stands beside the report's own fields (axioms/report_fields.h). The page draws an example
/// input from the same data.
Shape validation() {
  return object(
      {optional("under", interp::shape_of<std::vector<GuiseRecord>>()),
       optional("data", object({optional("part", text()), optional("seed", natural())}))});
}

// --- explanations

Shape explanation() {
  return report(interp::fields_of<ExplainedRecord>().members);
}

Shape comparison() {
  return report({{"task", task()},
                 {"features", text()},
                 {"confidence", number(0, 1)},
                 {"partial", boolean()},
                 {"summary", interp::shape_of<tasks::ComparisonSummary>()},
                 {"inputs", interp::shape_of<std::vector<tasks::ComparedRecord>>()}});
}

// --- circuits

Shape measurement() {
  return report({{"measures", measures_shape()},
                 {"circuit", file()},
                 optional("curve", interp::shape_of<circuits::MibScores>()),
                 optional("interpretation", interp::shape_of<ImpliedCircuit>()),
                 optional("tests", interp::shape_of<circuits::HypothesisTests>()),
                 optional("completeness", interp::shape_of<circuits::Completeness>()),
                 optional("minimality", interp::shape_of<circuits::Minimality>()),
                 optional("certified_stability", interp::shape_of<circuits::CertifiedStability>()),
                 optional("stability", interp::shape_of<circuits::Stability>())});
}

Shape discovery() {
  std::vector<Field> fields = interp::fields_of<DiscoveryRecord>().members;
  return report(std::move(fields));
}

/// The circuit itself is read by circuits::load_circuit().
Shape circuit() {
  return object({optional("assay", report({}))});
}

Shape proofs() {
  return interp::shape_of<ProofsRecord>();
}

Shape training() {
  return object({{"lines", interp::shape_of<std::vector<MetricsLine>>()}});
}

Shape derivation() {
  return interp::shape_of<DerivationRecord>();
}

/// The mutations themselves are read by mutations_from_json().
Shape mutation_table() {
  return report({{"mutations", list(anything())}});
}

Shape study() {
  std::vector<Field> fields = interp::fields_of<tasks::synthetic_text::Study>().members;
  return report(std::move(fields));
}

}  // namespace
}  // namespace shapes

namespace {

namespace fs = std::filesystem;
using tasks::page::Json, tasks::page::Run;

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
  const size_t tokens = report.at("tokens").size();
  if (report.contains("attention"))
    for (size_t i = 0; i < report["attention"].size(); ++i) {
      const std::string field = fmt::format("attention[{}].shares", i);
      const Json& shares = report["attention"][i].at("shares");
      require_size(shares.size(), tokens, field, "tokens");
      for (const Json& row : shares) require_size(row.size(), tokens, field, "tokens");
    }
}

/// What follows from other members is computed anew: a page shows no more than these give.
template <typename T>
void renew(Json& record) {
  record = interp::write_record(interp::read_checked<T>(record));
}
template <typename T>
void renew(Json& report, const char* member) {
  if (report.contains(member)) renew<T>(report[member]);
}

// A leader is one of the methods, and leads by a mean that it has.
void complete_comparison(Json& report) {
  const auto summary = interp::read_checked<tasks::ComparisonSummary>(report.at("summary"));
  for (const auto& [measure, leader] : summary.leaders) {
    const auto method =
        std::ranges::find(summary.methods, leader.method, &tasks::MethodSummary::method);
    if (method == summary.methods.end() || !method->measures.contains(measure) ||
        std::isnan(method->measures.at(measure).mean))
      throw std::invalid_argument(
          fmt::format("field 'summary.leaders': no method '{}' has the measure '{}'",
                      interp::cut_short(leader.method, 60), interp::cut_short(measure, 60)));
  }
  report["summary"] = interp::write_record(summary);
}

void complete_measurement(Json& report) {
  Json& measures = report.at("measures");
  if (!measures.contains("rows"))
    renew<circuits::Measures>(measures);
  else
    for (Json& row : measures["rows"]) renew<circuits::Measures>(row);
  renew<circuits::MibScores>(report, "curve");
  renew<circuits::HypothesisTests>(report, "tests");
  renew<circuits::Completeness>(report, "completeness");
  renew<circuits::Stability>(report, "stability");
}

/// Lines are written where accuracy was measured, and pages are about that.
void require_evaluations(const Json& log) {
  for (size_t i = 0; i < log.at("lines").size(); ++i)
    if (!log["lines"][i].contains("accuracy"))
      throw std::invalid_argument(fmt::format("field 'lines[{}].accuracy': is missing", i));
}

void require_pairs(const Json& report) {
  for (const Json& node : report.at("nodes")) {
    const auto alignment = interp::read_checked<axioms::Alignment>(node);
    for (const axioms::AlignmentCandidate& one : alignment.candidates)
      for (const statistics::Estimate& estimate : {one.exchanged, one.random, one.untouched})
        if (estimate.n == 0 || estimate.failures > estimate.n)
          throw std::invalid_argument(fmt::format("field 'nodes': {} failures of {} pairs at {}",
                                                  estimate.failures, estimate.n,
                                                  interp::cut_short(to_string(one.site), 60)));
  }
}

void complete_circuit_comparison(Json& report) {
  const auto read = interp::read_checked<CircuitComparison>(report);
  const int64_t shared = read.shared;
  require_size(static_cast<size_t>(read.a.edges), static_cast<size_t>(shared) + read.only_a.size(),
               "a.edges", "shared edges and edges of A alone");
  require_size(static_cast<size_t>(read.b.edges), static_cast<size_t>(shared) + read.only_b.size(),
               "b.edges", "shared edges and edges of B alone");
  const auto all =
      static_cast<double>(static_cast<size_t>(shared) + read.only_a.size() + read.only_b.size());
  report["jaccard"] = all == 0 ? 1 : static_cast<double>(shared) / all;
}

/// A formula is solved by what the record says: its model, or clauses that contradict each other.
void require_solved(const Json& report) {
  const auto read = interp::read_checked<SolutionRecord>(report);
  const sat2::Formula formula = sat2::parse_formula(read.formula);
  if (read.satisfiable) {
    if (!read.model) throw std::invalid_argument("field 'model': is missing");
    const auto is_true = [&](const sat2::Literal& literal) {
      return static_cast<size_t>(literal.variable) < read.model->size() &&
             (*read.model)[static_cast<size_t>(literal.variable)] != literal.negated;
    };
    for (const sat2::Clause& clause : formula.clauses)
      if (!is_true(clause.left) && !is_true(clause.right))
        throw std::invalid_argument(
            fmt::format("field 'model': does not satisfy {}", sat2::to_string(clause)));
    return;
  }
  sat2::Formula core{formula.variables, {}};
  for (const int64_t clause : read.unsatisfiable_core.value_or(std::vector<int64_t>())) {
    if (clause < 0 || clause >= std::ssize(formula.clauses))
      throw std::invalid_argument(fmt::format("field 'unsatisfiable_core': no clause {}", clause));
    core.clauses.push_back(formula.clauses[static_cast<size_t>(clause)]);
  }
  if (core.clauses.empty() || sat2::satisfiable_by_masks(core))
    throw std::invalid_argument("field 'unsatisfiable_core': these clauses do not contradict");
}

// --- the network and the interpretation of a validation, loaded again

/// What a report names is looked at only if it is a file or a folder: a device has no end.
fs::path path_of(const Json& source) {
  const fs::path path = source.at("path").get<std::string>();
  if (!fs::exists(path)) throw std::runtime_error(fmt::format("{} is not there", path.string()));
  if (!fs::is_regular_file(path) && !fs::is_directory(path))
    throw std::runtime_error(fmt::format("{} is no regular file", path.string()));
  return path;
}

void require_same(const Json& source, const std::string& sha256) {
  if (source.at("sha256") != sha256)
    throw std::runtime_error(fmt::format("{} is not the file that was tested: its hash differs",
                                         source.at("path").get<std::string>()));
}

std::shared_ptr<const tasks::Subject> tested_subject(const Json& report) {
  const Json &model = report.at("model"), &interpretation = report.at("interpretation");
  const fs::path model_path = path_of(model), interpretation_path = path_of(interpretation);
  fs::path data;  // makes the task, where there is none but its inputs
  if (report.at("task").at("name") == tasks::kDataTask) {
    data = path_of(report.at("data"));
    require_same(report["data"], interp::sha256_of_file(data));
  }
  auto subject =
      std::make_shared<tasks::Subject>(tasks::load_subject(model_path, interpretation_path, data));
  require_same(model, subject->model.sha256);
  require_same(interpretation, subject->loaded.sha256);
  return subject;
}

/// The validation's own members are read as everywhere else.
void complete_validation(Run& run) {
  const ValidationRecord read = validation_from_json(run.report, "not a whole report");
  run.report.update(axioms::to_json(read.report));
  if (run.report.contains("under"))
    run.report["under"] = renewed_guises(run.report["under"], read.report.confidence);
  run.validation = std::make_shared<const axioms::Report>(read.report);
  try {
    run.subject = tested_subject(run.report);
  } catch (const std::exception& error) {  // the page says why, and shows the rest
    run.no_subject = error.what();
  }
}

}  // namespace

RecordPage of_validations() {
  return {"Validation", shapes::validation(), complete_validation};
}

RecordPage of_explanations() {
  return {"Explanation", shapes::explanation(),
          [](Run& run) { require_consistent_explanation(run.report); }};
}

RecordPage of_comparisons() {
  return {"Comparison of explanations", shapes::comparison(),
          [](Run& run) { complete_comparison(run.report); }};
}

RecordPage of_measurements() {
  return {"Measures of a circuit", shapes::measurement(),
          [](Run& run) { complete_measurement(run.report); }};
}

RecordPage of_discoveries() {
  return {"Circuit", shapes::discovery()};
}

RecordPage of_circuits() {
  return {"Circuit", shapes::circuit()};
}

RecordPage of_derivations() {
  return {"Derivation", shapes::derivation()};
}

RecordPage of_proofs() {
  return {"Proofs", shapes::proofs()};
}

RecordPage of_manifests() {
  return {"Network", shapes::with_or_without("model_sha256", interp::shape_of<ManifestRecord>(),
                                             interp::shape_of<ManifestHead>())};
}

RecordPage of_mutation_tables() {
  return {"Mutations", shapes::mutation_table(),
          [](Run& run) { mutations_from_json(run.report.at("mutations"), "the table"); }};
}

RecordPage of_attacks() {
  return {"Search for a failure", interp::shape_of<AttackRecord>()};
}

RecordPage of_alignments() {
  return {"Places of values", interp::shape_of<AlignmentRecord>(),
          [](Run& run) { require_pairs(run.report); }};
}

RecordPage of_circuit_comparisons() {
  return {"Comparison of two circuits", interp::shape_of<CircuitComparison>(),
          [](Run& run) { complete_circuit_comparison(run.report); }};
}

RecordPage of_solutions() {
  return {"Formula", interp::shape_of<SolutionRecord>(),
          [](Run& run) { require_solved(run.report); }};
}

RecordPage of_studies() {
  return {"Study of surrogates", shapes::study()};
}

RecordPage of_sweeps() {
  return {"Sweep", interp::shape_of<SweepRecord>()};
}

const RecordPage& of_logs() {
  static const RecordPage page{"Training", shapes::training(),
                               [](Run& run) { require_evaluations(run.report); }};
  return page;
}

}  // namespace assay::tools::page
