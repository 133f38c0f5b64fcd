#include "tools/comparison_file.h"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>

#include "interp/files.h"

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
  const std::string content = interp::read_file(report);
  try {
    const ordered_json found = ordered_json::parse(content);
    require_same(asked, found, report.string());
    ordered_json inputs = found.at("inputs");
    if (std::ssize(inputs) > at_most) inputs.erase(inputs.begin() + at_most, inputs.end());
    return tasks::compared_inputs(inputs, task, asked.at("seed"));
  } catch (const ordered_json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: not a report of a comparison: {}", report.string(), error.what()));
  }
}

}  // namespace assay::tools
