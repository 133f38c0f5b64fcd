#pragma once
// A report of `compare` is also what a later run goes on from, and what reports of parts are merged
// to.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "tasks/comparison.h"
#include "tasks/comparison_summary.h"
#include "tools/parts.h"

namespace assay::tools {

/// The inputs that a report holds already, if its run was asked the same; of how many inputs does
/// not matter.
/// @param asked  all of the report that scores depend on, as this run is going to write it.
/// @param first  index of the first input.
/// @throws std::runtime_error for a file that is no report of `compare`, and naming the first thing
///   that differs.
std::vector<tasks::ComparedInput> inputs_begun(const std::filesystem::path& report,
                                               const nlohmann::ordered_json& asked,
                                               const tasks::Task& task, int64_t first,
                                               int64_t at_most);

/// A comparison made in parts, with its summary computed anew.
struct MergedComparison {
  nlohmann::ordered_json report;
  std::unique_ptr<tasks::Task> task;
  tasks::Comparison comparison;
  tasks::ComparisonSummary summary;
};
/// @throws std::invalid_argument as joined_parts(); std::runtime_error naming a field.
MergedComparison merged_comparison(std::vector<NamedRecord> parts);

/// @throws std::runtime_error if a method has not a single explanation: it was asked for in vain.
void require_explained(const tasks::ComparisonSummary& summary,
                       const tasks::Comparison& comparison);

}  // namespace assay::tools
