#include "tools/run_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "interp/files/file_writer.h"
#include "interp/files/files.h"
#include "interp/files/json_difference.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/files/json_text.h"
#include "tools/manifest_fields.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
namespace json_shapes = interp::json_shapes;
using nlohmann::ordered_json;

}  // namespace

std::unique_ptr<RunLock> RunFolder::lock() const {
  std::error_code error;
  fs::create_directories(path_, error);
  if (!fs::is_directory(path_)) {
    throw std::runtime_error(
        fmt::format("{}: no folder can be made here: {}", path_.string(),
                    error ? error.message() : std::generic_category().message(ENOTDIR)));
  }
  auto lock = std::make_unique<RunLock>(path_ / ".lock");
  interp::remove_stale_temporaries(path_);
  return lock;
}

void RunFolder::begin(const RunPlan& plan) const {
  for (const fs::path& file : {manifest(), checkpoint(), model(), metrics()}) {
    if (fs::exists(file)) {
      throw std::runtime_error(
          fmt::format("{}: holds a run already ({}): go on with --resume, or choose another folder",
                      path_.string(), file.filename().string()));
    }
  }
  const ordered_json content = report_of("training", ManifestHead{plan, /*finished=*/false});
  interp::write_file(manifest(), interp::json_text(content, 1) + "\n");
}

void RunFolder::finish(const nlohmann::ordered_json& content) const {
  interp::write_file(manifest(), interp::json_text(content, 1) + "\n");
  fs::remove(checkpoint());
}

std::optional<nlohmann::ordered_json> RunFolder::finished() const {
  const std::string what = manifest().string() + ": not the manifest of a run";
  ordered_json content = interp::read_json(manifest());
  interp::require_shape(
      content, json_shapes::object({json_shapes::optional("finished", json_shapes::boolean())}),
      what);
  if (!content.value("finished", false)) return std::nullopt;
  interp::require_shape(content, json_shapes::object({{"model_sha256", json_shapes::text()}}),
                        what);
  if (interp::sha256_of_file(model()) != content.at("model_sha256")) {
    throw std::runtime_error(
        fmt::format("{}: not the model that this run was finished with", model().string()));
  }
  fs::remove(checkpoint());  // still there if the run was killed between two steps of finish()
  return content;
}

RunPlan RunFolder::plan() const {
  if (!fs::exists(manifest())) {
    throw std::runtime_error(fmt::format("{}: no run to resume here", path_.string()));
  }
  const std::string what = manifest().string() + ": not the manifest of a run";
  const ordered_json content =
      interp::parse_json(interp::read_file(manifest(), interp::kJsonBytes), what);
  interp::require_shape(content, json_shapes::object({{"plan", interp::shape_of<RunPlan>()}}),
                        what);
  return interp::read_checked<RunPlan>(content.at("plan"));
}

void RunFolder::require_same_loaded() const {
  const auto loaded_by = [](const ordered_json& record) {
    return ordered_json{{"loaded", record.value("loaded", ordered_json::array())}};
  };
  if (const auto difference = interp::first_difference(loaded_by(interp::read_json(manifest())),
                                                       loaded_by(report_head("training"))))
    throw std::runtime_error(fmt::format("{}: --resume goes on with the run as it was begun: {}",
                                         manifest().string(), *difference));
}

ordered_json metrics_of(const std::string& text) {
  const interp::Shape step = json_shapes::object({{"step", json_shapes::integer(0)}});
  ordered_json entries = ordered_json::array();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    try {
      const std::string what = fmt::format("line {}", entries.size() + 1);
      ordered_json entry = interp::parse_json(line, what);
      interp::require_shape(entry, step, what);
      entries.push_back(std::move(entry));
    } catch (const std::runtime_error&) {
      if (!lines.eof()) throw;  // a last line that does not end is one that a kill has cut
    }
  }
  return entries;
}

void MetricsLog::record(const interp::TrainingProgress& progress, const nlohmann::json& more) {
  errno = 0;
  if (!file_.is_open()) {
    keep_before(progress.step);
    file_.open(path_, std::ios::app);
  }
  if (progress.accuracy >= 0) {
    nlohmann::json line = interp::to_json(progress);
    line.update(more);
    file_ << line.dump() << std::endl;
  }
  if (!file_) {
    throw std::runtime_error(fmt::format("{}: cannot write: {}", path_.string(),
                                         std::generic_category().message(errno)));
  }
}

void MetricsLog::keep_before(int64_t step) {
  if (!fs::exists(path_)) return;
  std::string kept;
  try {
    for (const ordered_json& entry : metrics_of(interp::read_file(path_, interp::kJsonBytes)))
      if (entry.at("step") < step) kept += entry.dump() + "\n";
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path_.string(), error.what()));
  }
  interp::write_file(path_, kept);
}

}  // namespace assay::tools
