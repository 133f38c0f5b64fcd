#include "tools/page/run.h"

#include <fmt/format.h>

#include <stdexcept>

#include "axioms/report.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/names.h"
#include "tasks/registry.h"
#include "tools/page/report_shapes.h"
#include "tools/run_folder.h"

namespace assay::tools::page {
namespace {

namespace fs = std::filesystem;

bool has(const Json& report, std::initializer_list<const char*> fields) {
  return std::ranges::all_of(fields, [&](const char* field) { return report.contains(field); });
}

RunKind kind_of(const Json& report) {
  if (has(report, {"rows", "nodes", "task"})) return RunKind::Validation;
  if (has(report, {"explanations", "tokens", "features"})) return RunKind::Explanation;
  if (has(report, {"summary", "inputs", "features"})) return RunKind::Comparison;
  if (has(report, {"measures", "circuit"})) return RunKind::Measurement;
  if (has(report, {"cfg", "nodes", "edges"})) return RunKind::Circuit;
  if (has(report, {"method", "edges", "circuit"})) return RunKind::Discovery;
  if (has(report, {"variant", "evidence"})) return RunKind::Derivation;
  if (has(report, {"lines"})) return RunKind::Training;
  if (has(report, {"plan", "recipe"})) return RunKind::Manifest;
  throw std::invalid_argument(
      "expected a report that validate, measure, discover, derive, explain, compare or train "
      "wrote, a circuit, or the metrics.jsonl of a training");
}

std::unique_ptr<tasks::Task> task_of(const Json& origin) {
  return origin.contains("task") ? tasks::task_from_json(origin["task"]) : nullptr;
}

/// A report of another version is refused by its number, not by the first field that it lacks.
void require_known_schema(const Json& report) {
  const auto schema = report.find("schema");
  if (schema == report.end() || !schema->is_number_integer())
    return;  // the shape says what is wrong
  if (*schema == axioms::kReportSchema) return;
  throw std::invalid_argument(fmt::format(
      "schema {}: {} version of assay wrote this validation, this one reads schema {}; {}",
      schema->dump(), *schema < axioms::kReportSchema ? "an earlier" : "a later",
      axioms::kReportSchema, "validate again, or take that version"));
}

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

/// What was tested, loaded again.
std::shared_ptr<const tasks::Subject> tested_subject(const Json& report) {
  const Json &model = report.at("model"), &interpretation = report.at("interpretation");
  const fs::path model_path = path_of(model), interpretation_path = path_of(interpretation);
  auto subject =
      std::make_shared<tasks::Subject>(tasks::load_subject(model_path, interpretation_path));
  require_same(model, subject->model.sha256);
  require_same(interpretation, subject->loaded.sha256);
  return subject;
}

const interp::Names<RunKind> kTitles = {{RunKind::Validation, "Validation"},
                                        {RunKind::Explanation, "Explanation"},
                                        {RunKind::Comparison, "Comparison of explanations"},
                                        {RunKind::Measurement, "Measures of a circuit"},
                                        {RunKind::Discovery, "Circuit"},
                                        {RunKind::Circuit, "Circuit"},
                                        {RunKind::Derivation, "Derivation"},
                                        {RunKind::Training, "Training"},
                                        {RunKind::Manifest, "Network"}};

std::string name_of(const Run& run) {
  if (run.report.contains("title")) return run.report["title"];
  const std::string kind = interp::name_of(run.kind, kTitles);
  return run.path.empty() ? kind : fmt::format("{} ({})", kind, run.path.filename().string());
}

}  // namespace

Run make_run(Json report, const fs::path& path) {
  Run run{.kind = kind_of(report), .name = {}, .path = path, .report = std::move(report)};
  if (run.kind == RunKind::Validation) require_known_schema(run.report);
  interp::require_shape(run.report, shape_of(run.kind), "not a whole report");
  run.name = name_of(run);
  run.task = task_of(origin_of(run));
  require_consistent(run);
  if (run.kind == RunKind::Validation) {
    try {
      run.subject = tested_subject(run.report);
    } catch (const std::exception& error) {  // the page says why, and shows the rest
      run.no_subject = error.what();
    }
  }
  return run;
}

const Json& origin_of(const Run& run) {
  const bool foreign = run.kind == RunKind::Circuit && run.report.contains("assay");
  return foreign ? run.report["assay"] : run.report;
}

Run read_run(const fs::path& path) {
  const std::string text = interp::read_file(path, interp::kJsonBytes);
  try {
    if (path.extension() == ".jsonl") return make_run({{"lines", metrics_of(text)}}, path);
    return make_run(interp::parse_json(text, "not a report", interp::BareWords::AsTexts), path);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace assay::tools::page
