#include "tools/page/run.h"

#include <fmt/format.h>

#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "tasks/registry.h"
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

/// Logs are known by their name and circuit files by their form, which others write as well; every
/// other file says what it is.
std::string run_kind_of(const Json& report, const fs::path& path) {
  if (is_log(path)) return RunKind::Training;
  const bool circuit = has(report, {"cfg", "nodes", "edges"}) && !report.contains("kind");
  if (!circuit) return kind_of(report).name;
  if (const Json assay = report.value("assay", Json()); has(assay, {"kind"}))
    require_kind(assay, RunKind::Circuit);
  return RunKind::Circuit;
}

const RecordPage& page_about(const std::string& kind) {
  if (kind == RunKind::Training) return of_logs();
  const RecordKind& known = record_kind(kind);
  if (known.page) return *known.page;
  if (!known.instead.empty())
    throw std::invalid_argument(
        fmt::format("there is no page about records of the kind {}: {}", kind, known.instead));
  throw std::invalid_argument(
      fmt::format("there is no page about records of the kind {}, only about {}", kind,
                  kinds_with([](const RecordKind& other) { return other.page.has_value(); })));
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

std::string name_of(const Run& run) {
  const std::string title = title_of(run);
  if (run.report.contains("title") || run.path.empty()) return title;
  return fmt::format("{} ({})", title, run.path.filename().string());
}

}  // namespace

std::string title_of(const Run& run) {
  return run.report.contains("title") ? run.report["title"].get<std::string>()
                                      : page_about(run.kind).title;
}

const std::string& kind_title(const Run& run) {
  return page_about(run.kind).title;
}

Run make_run(Json report, const fs::path& path) {
  Run run{.kind = run_kind_of(report, path), .name = {}, .path = path, .report = std::move(report)};
  const RecordPage& page = page_about(run.kind);
  require_whole(run.report);
  interp::require_shape(run.report, page.shape, "not a whole report");
  if (page.complete) page.complete(run);
  run.name = name_of(run);
  run.task = task_of(origin_of(run));
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
