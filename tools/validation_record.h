#pragma once
// Reports of validate, read with all that is known of their task.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "axioms/report.h"
#include "tasks/task.h"

namespace assay::tools {

struct ValidationRecord {
  axioms::Report report;
  std::unique_ptr<tasks::Task> task;
};

/// @param where  begins every message.
/// @throws std::runtime_error naming the field or the row: members that are missing or ill-typed,
///   counts that contradict each other, witnesses that are no inputs or decisions of the task, and
///   parameters that an operation does not take.
ValidationRecord validation_from_json(const nlohmann::ordered_json& json, const std::string& where);

/// The same of a file. @throws std::runtime_error for a record of another kind, too (records.h).
ValidationRecord read_validation(const std::filesystem::path& path);

}  // namespace assay::tools
