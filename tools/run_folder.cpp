#include "tools/run_folder.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

#include "interp/files.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

}  // namespace

void RunFolder::begin(const RunPlan& plan) const {
  for (const fs::path& file : {manifest(), checkpoint(), model(), metrics()}) {
    if (fs::exists(file)) {
      throw std::runtime_error(
          fmt::format("{}: holds a run already ({}): go on with --resume, or choose another folder",
                      path_.string(), file.filename().string()));
    }
  }
  fs::create_directories(path_);
  nlohmann::ordered_json content = report_head();
  content["plan"] = to_json(plan);
  content["finished"] = false;
  interp::write_file(manifest(), content.dump(1) + "\n");
}

RunPlan RunFolder::plan() const {
  if (!fs::exists(manifest())) {
    throw std::runtime_error(fmt::format("{}: no run to resume here", path_.string()));
  }
  try {
    const json plan = json::parse(interp::read_file(manifest())).at("plan");
    return {.task = plan.at("task"),
            .preset = plan.at("preset"),
            .steps = plan.at("steps"),
            .seed = plan.at("seed")};
  } catch (const json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: not the manifest of a run: {}", manifest().string(), error.what()));
  }
}

void MetricsLog::record(const interp::TrainingProgress& progress) {
  if (!file_.is_open()) {
    keep_before(progress.step);
    file_.open(path_, std::ios::app);
  }
  if (progress.accuracy >= 0) file_ << interp::to_json(progress).dump() << std::endl;
  if (!file_) throw std::runtime_error(fmt::format("{}: cannot be written", path_.string()));
}

void MetricsLog::keep_before(int64_t step) {
  if (!fs::exists(path_)) return;
  std::istringstream lines(interp::read_file(path_));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const json entry = json::parse(line, nullptr, false);
    const bool whole = entry.is_object() && entry.contains("step");  // a kill may cut the last line
    if (whole && entry["step"] < step) kept += line + "\n";
  }
  interp::write_file(path_, kept);
}

}  // namespace assay::tools
