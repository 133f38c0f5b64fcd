#pragma once
// A report of `compare` is also what a later run goes on from.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "tasks/comparison.h"

namespace assay::tools {

/// The inputs that a report holds already, if its run was asked the same; of how many inputs does
/// not matter.
/// @param asked  all of the report that scores depend on, as this run is going to write it.
/// @throws std::runtime_error for a file that is no report of `compare`, and naming the first thing
///   that differs.
std::vector<tasks::ComparedInput> inputs_begun(const std::filesystem::path& report,
                                               const nlohmann::ordered_json& asked,
                                               const tasks::Task& task, int64_t at_most);

}  // namespace assay::tools
