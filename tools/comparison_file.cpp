#include "tools/comparison_file.h"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "tools/records.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

void require_same(const ordered_json& asked, const ordered_json& found, const std::string& path) {
  for (const auto& [name, value] : asked.items()) {
    const ordered_json before = found.value(name, ordered_json());
    if (before == value) continue;
    throw std::runtime_error(fmt::format("{}: another comparison: its {} is {}, not {}", path, name,
                                         before.dump(), value.dump()));
  }
}

}  // namespace

std::vector<tasks::ComparedInput> inputs_begun(const std::filesystem::path& report,
                                               const ordered_json& asked, const tasks::Task& task,
                                               int64_t at_most) {
  namespace json_shapes = interp::json_shapes;
  const std::string what = report.string() + ": not a report of a comparison";
  ordered_json found = interp::parse_json(interp::read_file(report, interp::kJsonBytes), what);
  interp::require_shape(
      found, json_shapes::object({{"inputs", json_shapes::list(json_shapes::anything())}}), what);
  try {
    require_kind(found, "comparison");
    require_same(asked, found, report.string());
    ordered_json& inputs = found.at("inputs");
    if (std::ssize(inputs) > at_most) inputs.erase(inputs.begin() + at_most, inputs.end());
    return tasks::compared_inputs(inputs, task, asked.at("seed"));
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", what, error.what()));
  }
}

}  // namespace assay::tools
