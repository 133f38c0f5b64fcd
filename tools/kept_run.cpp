#include "tools/kept_run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "interp/files/json_difference.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "tools/failure.h"

namespace assay::tools {

using nlohmann::ordered_json;

CLI::Option* add_resume_option(CLI::App& app, bool& resume) {
  return app
      .add_flag("--resume", resume,
                "go on with the run that was interrupted, from what it kept in the report of "
                "--json")
      ->needs("--json");
}

ordered_json record_begun(const std::filesystem::path& file, const KeptForm& form, int64_t count) {
  namespace shapes = interp::json_shapes;
  ordered_json record = interp::read_json(file);
  const auto refuse = [&](const std::string& what) {
    throw std::invalid_argument(fmt::format("{}: {}", file.string(), what));
  };
  try {
    require_kind(record, form.asked.at("kind"));
  } catch (const std::invalid_argument& error) {
    refuse(error.what());
  }
  if (!record.contains(form.list) || !record.contains("shard"))
    refuse("the report of a run that is finished: --resume has nothing to go on from");
  const auto n = static_cast<size_t>(count);
  if (const auto problem = interp::mismatch(
          record, shapes::object({{form.list, shapes::list(shapes::anything(), n, n)},
                                  shapes::optional("seconds", shapes::number(0))})))
    refuse(*problem);
  const auto asked_of = [&](ordered_json json) {
    json.erase(form.list);
    json.erase("partial");
    for (const std::string& fact : form.facts) json.erase(fact);
    return json;
  };
  if (const auto difference = interp::first_difference(asked_of(record), asked_of(form.asked)))
    refuse(fmt::format("--resume goes on with a run as it was begun: {}", *difference));
  return record;
}

SavingTimes::SavingTimes(const CommonOptions& common)
    : saves_(!common.json.empty() && !interp::destination_of(common.json).in_place) {}

bool SavingTimes::is_due() {
  if (!saves_ || Clock::now() < next_) return false;
  next_ = Clock::now() + std::chrono::seconds(30);
  return true;
}

int tell_how_to_go_on(const CommonOptions& common, const Console& console) {
  const std::string report = common.json.string();
  console.insist(
      report.empty()
          ? "interrupted before all was done"
          : fmt::format(
                "interrupted: what is done is in {}; the same command with --resume goes on",
                report));
  return kInterrupted;
}

void tell_part(const interp::Shard& shard, const KeptForm& form, int64_t items,
               const Console& console) {
  console.fact("part",
               fmt::format("{} of {}, {} of {} {}: assay merge adds them up", shard.index, shard.of,
                           items, form.asked.at("shard").at("items").get<int64_t>(), form.list));
}

}  // namespace assay::tools
