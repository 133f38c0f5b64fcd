#include "tools/page/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "axioms/report.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/names.h"
#include "tasks/data_task.h"
#include "tools/page/report_shapes.h"
#include "tools/records.h"
#include "tools/run_folder.h"
#include "tools/validation_record.h"

namespace assay::tools::page {
namespace {

namespace fs = std::filesystem;

bool is_log(const fs::path& path) {
  return path.extension() == ".jsonl";
}

bool has(const Json& report, std::initializer_list<const char*> fields) {
  return std::ranges::all_of(fields, [&](const char* field) { return report.contains(field); });
}

const interp::Names<RunKind> kKinds = {{RunKind::Validation, axioms::kReportKind},
                                       {RunKind::Explanation, "explanation"},
                                       {RunKind::Comparison, "comparison"},
                                       {RunKind::Measurement, "measurement"},
                                       {RunKind::Discovery, "discovery"},
                                       {RunKind::Derivation, "derivation"},
                                       {RunKind::Manifest, "training"}};

/// Logs are known by their name and circuit files by their form, which others write as well; every
/// other file says what it is.
RunKind run_kind_of(const Json& report, const fs::path& path) {
  if (is_log(path)) return RunKind::Training;
  const bool circuit = has(report, {"cfg", "nodes", "edges"}) && !report.contains("kind");
  if (circuit) {
    if (const Json assay = report.value("assay", Json()); has(assay, {"kind"}))
      require_kind(assay, "circuit");
    return RunKind::Circuit;
  }
  const std::string& name = kind_of(report).name;
  std::vector<std::string> kinds;
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
    kinds.push_back(known);
  }
  throw std::invalid_argument(
      fmt::format("there is no page about records of the kind {}, only about {}", name,
                  fmt::join(kinds, ", ")));
}

std::unique_ptr<tasks::Task> task_of(const Json& origin) {
  return origin.contains("task") ? tasks::task_from_json(origin["task"]) : nullptr;
}

void require_whole(const Json& report) {
  namespace shapes = interp::json_shapes;
  const auto shard = report.find("shard");
  if (shard == report.end()) return;
  const interp::Shape shape =
      shapes::object({{"index", shapes::integer()}, {"of", shapes::integer()}});
  if (const auto problem = interp::mismatch(*shard, shape))
    throw std::invalid_argument("field 'shard': " + *problem);
  if (shard->at("of") != 1)
    throw std::invalid_argument(
        fmt::format("part {} of {} of a run: a page is about all of them; assay merge adds them up",
                    shard->at("index").dump(), shard->at("of").dump()));
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
  Run run{.kind = run_kind_of(report, path), .name = {}, .path = path, .report = std::move(report)};
  require_whole(run.report);
  interp::require_shape(run.report, shape_of(run.kind), "not a whole report");
  require_consistent(run);
  if (run.kind == RunKind::Validation)
    run.validation = std::make_shared<const axioms::Report>(
        validation_from_json(run.report, "not a whole report").report);
  run.name = name_of(run);
  run.task = task_of(origin_of(run));
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
    if (is_log(path)) return make_run({{"lines", metrics_of(text)}}, path);
    return make_run(interp::parse_json(text, "not a report", interp::BareWords::AsTexts), path);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace assay::tools::page
