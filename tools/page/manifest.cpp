// What stands behind the numbers: enough to run the same thing again.

#include <fmt/format.h>

#include "tools/page/sections.h"

namespace assay::tools::page {
namespace {

std::string in_words(const Json& value) {
  if (value.is_string()) return value;
  if (value.is_array() && value.size() > 0 && value[0].is_object())  // told elsewhere on the page
    return std::to_string(value.size());
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (!value.is_object()) return value.dump();
  std::string text;
  for (const auto& [name, part] : value.items())
    if (name != "sha256")
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, in_words(part));
  return text;
}

/// What was read is told by its path and its hash, everything else in words.
void add_fact(std::vector<Fact>& rows, const char* name, const Json& value) {
  if (value.empty()) return;
  const auto text = [&](const char* field) {
    return value.is_object() && value.contains(field) && value[field].is_string();
  };
  rows.push_back({name, text("path") ? value["path"].get<std::string>() : in_words(value)});
  if (text("sha256")) rows.push_back({"", "sha256 " + value["sha256"].get<std::string>(), true});
}

}  // namespace

std::optional<Section> manifest_section(const Run& run) {
  const Json& report = origin_of(run);
  if (!report.contains("command")) return std::nullopt;
  Section section{.title = "How to reproduce", .run = {}};
  section.blocks.push_back(command(report["command"]));
  std::vector<Fact> rows;
  if (!run.path.empty()) rows.push_back({"report", run.path.string()});
  for (const char* field :
       {"version", "model",     "model_sha256", "interpretation", "circuit", "task",   "data",
        "inputs",  "fitted_on", "seeds",        "seed",           "method",  "metric", "ablation",
        "preset",  "steps",     "accuracy",     "threads",        "device",  "blas",   "times"})
    add_fact(rows, field, report.value(field, Json()));
  section.blocks.push_back(facts(rows));
  return section;
}

}  // namespace assay::tools::page
